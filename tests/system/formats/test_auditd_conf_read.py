# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader and the writer of auditd.conf beside auditd, which names each value that it reads.

It runs in a user namespace, in which it cannot change its priority and ends before it asks the kernel for anything.
"""

from __future__ import annotations

import re
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit import auditd_conf
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PATH = "etc/audit/auditd.conf"
QUICK = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
# What auditd calls the values of some names.
CALLED = {
    "max_log_file": "max_log_size",
    "max_log_file_action": "max_log_size_action",
    "space_left_action": "space_action",
    "end_of_event_timeout": "eoe_timeout",
}
ACTIONS = ("IGNORE", "syslog", "SUSPEND", "rotate", "email", "halt", "single", "keep_logs", "exec", "exec /bin/true", "exec /bin/true x")
NAMES = ("freq", "Freq", "num_logs", "max_log_file", "flush", "max_log_file_action", "space_left_action", "disk_full_action", "space_left")
SETTING = st.builds(
    "{}{}{}{}".format,
    st.sampled_from([*NAMES, "disk_error_action", "admin_space_left", "#freq", "##name", " freq", "\tfreq"]),
    st.sampled_from([" = ", " = ", " = ", "  =   ", "=", " =", "\t=\t", " ", " == "]),
    st.one_of(st.sampled_from([*ACTIONS, "none", "data", "50", "5%", "100%", "x", "", "-1", "1000", "76", "0"])),
    st.sampled_from(["", "", "", "", " ", "\r", "\t", " # why", "\\", " " * 150]),
)
LINE = st.one_of(
    SETTING, SETTING, st.sampled_from(["", " ", "\t", "# c", " # c", "#" * 200, "word", f"name = {'x' * 151}", f"name = {'x' * 152}"])
)
# A sound beginning that mentions what is enforced, for most of what follows is refused.
BEGINNING = "space_left = 75\nadmin_space_left = 50\n#freq = 1\n#max_log_file_action = x\n#flush = x\n"
TEXT = st.builds(f"{BEGINNING}{{}}{{}}".format, st.lists(LINE, max_size=3).map("\n".join), st.sampled_from(["\n", "\n", ""]))


def by_auditd(root):
    """The values that auditd reads, by what it calls them; None when it does not accept its file."""
    ran = subprocess.run(
        ["unshare", "--map-root-user", "--net", "chroot", root, "/sbin/auditd", "-n", "-f"], capture_output=True, check=False
    ).stderr.decode()
    if "Cannot change priority" not in ran:
        return None
    return {name: value.lower() for name, value in re.findall(r"^(\w+)_parser called with: (.*)$", ran, re.M)}


def write(root, text):
    (root / PATH).write_text(text, encoding="utf-8", newline="")


@pytest.fixture(scope="module", autouse=True)
def its_file(root):
    """The file is what auditd wants: root's own, and not everybody's."""
    (root / PATH).chmod(0o640)
    yield


@QUICK
@given(text=TEXT)
def test_as_auditd_reads_its_file(root, text):
    write(root, text)
    read = by_auditd(root)
    found = auditd_conf.parse(text)
    assert bool(found.problem) == (read is None), (text, found)
    if read is not None:
        assert {CALLED.get(name, name): setting.value.lower().split()[0] for name, setting in found.settings.items()} == read


@QUICK
@given(text=TEXT)
def test_what_is_enforced_is_what_auditd_reads(root, text):
    write(root, text)
    before = by_auditd(root)
    wanted = {"freq": 20, "max_log_file_action": "keep_logs", "flush": "sync"}
    changed = enforce(Host(str(root)), [Control("c", {"auditd_conf": wanted})]).changes
    read = by_auditd(root)
    assert read is not None or before is None
    if read is not None and changed:
        assert (read["freq"], read["max_log_size_action"], read["flush"]) == ("20", "keep_logs", "sync")
