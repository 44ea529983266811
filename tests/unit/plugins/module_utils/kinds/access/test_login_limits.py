# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.login_limits import LoginLimits
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control

OURS = "/etc/security/limits.d/zz-hygeia.conf"
STOCK = {"/etc/pam.d/login": "", "/etc/security/limits.conf": "#*  soft  core  0\n"}
WANTED = Control("c", {"login_limits": {"hard core": 0, "hard maxlogins": 10}})


def looked(host):
    return audit(host, [WANTED], "offline")[0]


def test_limits_are_written_once_and_hold(tree):
    host = tree(STOCK)
    assert looked(host)["status"] == "fail"
    enforce(host, [WANTED])
    assert host.read(OURS).splitlines()[1:] == ["* hard core 0", "* hard maxlogins 10"]
    assert (looked(host)["status"], enforce(host, [WANTED]).changes) == ("pass", [])


def test_what_left_the_profile_leaves_the_file(tree):
    host = tree(STOCK)
    enforce(host, [WANTED])
    enforce(host, [])
    assert not host.exists(OURS)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("* hard core unlimited", "fail"),
        ("* - core 1024", "fail"),
        ("* soft core 1024", "pass"),
        ("* hard maxlogins 3", "pass"),
        ("@oracle hard core unlimited", "pass"),
        ("# * hard core unlimited", "pass"),
    ],
)
def test_a_later_line_for_everybody_has_the_last_word(tree, line, status):
    host = tree({**STOCK, "/etc/security/limits.d/zzz-vendor.conf": f"{line}\n"})
    enforce(host, [WANTED])
    record = looked(host)
    assert record["status"] == status
    assert status == "pass" or record["message"].startswith("/etc/security/limits.d/zzz-vendor.conf:1 sets hard core to ")


def test_a_site_that_allows_less_keeps_it(tree):
    host = tree({**STOCK, "/etc/security/limits.d/50-site.conf": "*  Hard MaxLogins 3 of three\n"})
    enforce(host, [WANTED])
    assert host.read(OURS).splitlines()[1:] == ["* hard core 0"]
    assert (looked(host)["status"], enforce(host, [WANTED]).changes) == ("pass", [])


@pytest.mark.parametrize("settings", [{"core": 0}, {"hard core": "unlimited"}, {"hard core": True}])
def test_what_cannot_be_written_is_reported(tree, settings):
    outcome = enforce(tree(STOCK), [Control("c", {"login_limits": settings})]).outcomes[0]
    assert (outcome["outcome"], "such as hard core" in outcome["message"]) == ("failed", True)


@pytest.mark.parametrize(
    ("line", "value"), [("* hard core none", "0"), ("* hard core 5x", "5"), ("* hard core unlimitedly", "0"), ("* hard core -1", "-1")]
)
def test_a_value_that_is_no_number_says_nothing(tree, line, value):
    host = tree({"/etc/pam.d/su": "", "/etc/security/limits.conf": f"* hard core 0\n{line}\n"})
    assert LoginLimits(host).observe({"hard core": 0})["hard core"].value == value
