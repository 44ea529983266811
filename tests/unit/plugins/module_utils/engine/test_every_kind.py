# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the engine asks of every kind there is."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS

REAL = dict(KINDS)  # before the made-up ones take their place

ORDER = (
    "package",
    "kernel_module",
    "sysctl",
    "kernel_cmdline",
    "mount",
    "file",
    "login_defs",
    "shell_profile",
    "pam",
    "sudo",
    "sshd",
    "audit_rule",
    "auditd_conf",
    "systemd_conf",
    "service",
)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("check", [False, True])
def test_without_settings_an_untouched_system_stays_as_it_is(tree, name, check):
    host = tree({"/etc/os-release": "ID=debian\n"}, check=check)
    kind = REAL[name](host)
    if not kind.absent():
        plan = kind.plan({})
        assert (plan.changes, plan.refusals, plan.failures) == ([], [], {})
    assert host.glob("/*") == ["/etc"] and host.glob("/etc/*") == ["/etc/os-release"]


@pytest.mark.parametrize("name", REAL)
def test_without_settings_there_is_nothing_to_observe(tree, name):
    kind = REAL[name](tree({"/etc/os-release": "ID=debian\n"}))
    if not kind.absent():
        assert kind.observe({}) == {}


def test_kinds_are_enforced_in_the_order_in_which_they_need_each_other():
    assert [name for name in REAL if name in ORDER] == [name for name in ORDER if name in REAL]
    assert next(iter(REAL)) == "package"
