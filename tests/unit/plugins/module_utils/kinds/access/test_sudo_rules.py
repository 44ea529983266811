# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.injected import Injected

DEBIAN = "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"
WANTED = {
    "without_password": [],
    "unrestricted": ["root", "%sudo"],
    "everybody": [],
    "exclusions": [],
    "directories": ["/etc", "/etc/sudoers.d"],
}


@pytest.fixture
def sudo(system):
    def make(more="", main=DEBIAN):
        host = system({"/etc/sudoers": main, "/etc/sudoers.d/site": more}, "cvtsudoers", "visudo")
        for path in ("/etc/sudoers", "/etc/sudoers.d/site"):
            os.chmod(host.path(path), 0o440)
        return host

    return make


def looked(host, wanted=None):
    return audit(host, [Control("c", {"sudo_rules": wanted or WANTED})], "offline")[0]


def test_debians_own_rules_pass(sudo):
    assert looked(sudo())["status"] == "pass"


@pytest.mark.parametrize(
    ("rule", "name", "value"),
    [
        ("debian ALL=(root) NOPASSWD: /usr/bin/true", "without_password", "debian"),
        ("User_Alias OPS = ann, %night\nOPS ALL=(root) NOPASSWD: /usr/bin/true", "without_password", "%night"),
        ("#1000 ALL=(root) NOPASSWD: /usr/bin/true", "without_password", "#1000"),
        ("vendor ALL=(ALL) ALL", "unrestricted", "vendor"),
        ("vendor ALL=ALL", "unrestricted", "vendor"),
        ('vendor ALL=(ALL) CWD=/srv/a\\ "b CHROOT=/x NOEXEC: ALL', "unrestricted", "vendor"),
        ("vendor ALL=(root) ALL", "unrestricted", "vendor"),
        ("ALL ALL=(root) /usr/bin/true", "everybody", "/usr/bin/true"),
        ("root ALL=(ALL) ALL, !/usr/bin/su", "exclusions", "/usr/bin/su"),
    ],
)
def test_a_rule_that_nobody_should_have_is_named(sudo, rule, name, value):
    host = sudo(f"{rule}\n")
    record = looked(host)
    assert record["status"] == "fail"
    assert set(record["observed"]) == {f"sudo_rules: {name}"}
    assert value in record["observed"][f"sudo_rules: {name}"]
    assert value in record["message"]


@pytest.mark.parametrize(
    "rule",
    [
        "backup ALL=(postgres) ALL",
        "ann ALL=(root) /usr/bin/true",
        "ann ALL=(root) PASSWD: /usr/bin/true",
        "ann ALL=(root) CWD=* NOEXEC: /usr/bin/true, (postgres) CHROOT=/srv/x /usr/bin/psql",
        "ann ALL=(root) /usr/bin/a, !/usr/bin/b",
        "User_Alias OPS = %sudo, !mallory\nOPS, !eve ALL=(ALL:ALL) ALL",
    ],
)
def test_a_rule_that_gives_little_passes(sudo, rule):
    assert looked(sudo(f"{rule}\n"))["status"] == "pass"


def test_what_a_site_tolerates_passes(sudo):
    host = sudo("debian ALL=(ALL) NOPASSWD: ALL\n")
    assert looked(host)["status"] == "fail"
    assert looked(host, {"without_password": ["debian"], "unrestricted": ["root", "%sudo", "debian"]})["status"] == "pass"


def test_rules_in_another_directory_are_reported(sudo):
    host = sudo(main=f"{DEBIAN}@includedir /opt/vendor/sudo\n")
    host.write("/opt/vendor/sudo/rules", "# nothing\n", 0o440)
    assert looked(host)["message"] == "not provided for: /opt/vendor/sudo"


def test_a_configuration_that_sudo_cannot_read_is_an_error(sudo):
    assert looked(sudo("nonsense here\n"))["status"] == "error"


@pytest.mark.parametrize("wanted", [{"everybody": "nothing"}, {"somebody": []}])
def test_a_bad_setting_is_reported(sudo, wanted):
    assert "a list is expected" in looked(sudo(), wanted)["message"]


def test_nothing_is_ever_written(sudo):
    host = sudo("debian ALL=(ALL) NOPASSWD: ALL\n")
    assert enforce(host, [Control("c", {"sudo_rules": WANTED})]).changes == []


def test_what_the_boot_check_wrote_for_itself_is_none_of_the_rules(sudo):
    ours, theirs = "check-1 ALL=(ALL:ALL) NOPASSWD: ALL\n", "check ALL=(ALL:ALL) NOPASSWD: ALL\n"
    for text, status in ((ours, "pass"), (ours + theirs, "fail")):
        host = sudo(text)
        host.booted, host.injected = True, Injected("check-1", {"/etc/sudoers.d/site": [ours]})
        record = looked(host)
        assert (record["status"], "check-1" in str(record)) == (status, False)
        assert ("'check'" in str(record["observed"])) == (status == "fail")
