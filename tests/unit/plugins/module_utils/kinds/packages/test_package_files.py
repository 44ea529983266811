# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.package_files import PackageFiles
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.tests.unit.conftest import dpkg_status

INFO = "/var/lib/dpkg/info"


@pytest.fixture
def packaged(tree):
    """A host with sudo and libpam0g, of which dpkg says this."""

    def make(says):
        files = {
            "/usr/bin/dpkg": "",
            "/var/lib/dpkg/status": dpkg_status("sudo", "libpam0g"),
            f"{INFO}/sudo.list": "/.\n/usr/bin/sudo\n/etc/sudoers\n/usr/share/doc/sudo/README\n/usr/bin/with space\n",
            f"{INFO}/libpam0g:amd64.list": "/usr/lib/x86_64-linux-gnu/libpam.so.0\n",
        }
        host = tree(files, answers={"dpkg": says})
        os.chmod(host.path("/usr/bin/dpkg"), 0o755)
        return host

    return make


def seen(host, *packages):
    wanted = dict.fromkeys(packages or ("sudo", "libpam0g"), "unchanged")
    return audit(host, [Control("files", {"package_files": wanted})], "offline")[0]


@pytest.mark.parametrize(
    "says",
    [
        "",
        "??5?????? c /etc/sudoers\n",
        "missing   c /etc/sudoers\n",
        "missing     /usr/share/doc/sudo/README\n",
        "missing     /usr/share/doc/sudo/README (No such file or directory)\n",
    ],
)
def test_what_a_site_edits_and_a_slim_image_leaves_out_is_no_finding(packaged, says):
    assert seen(packaged(says))["status"] == "pass"


@pytest.mark.parametrize(
    ("says", "package", "message"),
    [
        ("??5??????   /usr/bin/sudo\n", "sudo", "/usr/bin/sudo is not what the package brought"),
        ("??5??????   /usr/bin/with space\n", "sudo", "/usr/bin/with space is not"),
        ("missing     /usr/lib/x86_64-linux-gnu/libpam.so.0 (No such file or directory)\n", "libpam0g", "libpam.so.0 is missing"),
    ],
)
def test_an_altered_file_is_named_with_its_package(packaged, says, package, message):
    record = seen(packaged(CommandResult(1, says, "")))
    assert record["status"] == "fail" and list(record["observed"]) == [f"package_files: {package}"]
    assert message in record["message"]


def test_dpkg_is_asked_once_and_only_for_what_is_installed(packaged):
    host = packaged("")
    assert seen(host, "sudo", "libpam0g", "openssh-server")["status"] == "pass"
    assert host.ran == [["dpkg", "--verify", "sudo", "libpam0g"]]


def test_a_dpkg_that_cannot_look_is_an_error(packaged):
    assert seen(packaged(CommandResult(2, "", "dpkg: error: cannot scan updates directory")))["status"] == "error"


def test_without_the_packages_it_means_nothing(packaged):
    assert seen(packaged(""), "openssh-server")["status"] == "not_applicable"


def test_another_value_is_refused(tree):
    with pytest.raises(BadSetting, match="package_files sudo"):
        PackageFiles(tree()).plan({"sudo": "changed"})


# What rpm 4.18 prints of a package with a changed program, a changed configuration, a log that was removed and a missing page.
RPM_SAYS = """\
S.5....T.    /usr/bin/sudo
S.5....T.  c /etc/sudoers
.......T.    /usr/bin/sudoreplay
missing   g /var/log/sudo.log
missing   d /usr/share/doc/sudo/README
.M.......    /usr/libexec/sudo
"""


@pytest.fixture
def of_rpm(tree):
    """A host of the RHEL family with sudo and pam, of which rpm says this."""

    def make(says):
        def rpm(argv, unused_stdin):
            if "-qa" in argv:
                return "sudo 1.9.5p2-1.el9\npam 1.5.1-1.el9\n"
            if "--list" in argv:
                return {"sudo": "/usr/bin/sudo\n/etc/sudoers\n", "pam": "/usr/lib64/security/pam_unix.so\n"}[argv[-1]]
            return says

        host = tree(
            {
                "/usr/bin/rpm": "",
                "/usr/lib/sysimage/rpm/rpmdb.sqlite": "",
                "/etc/os-release": 'ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\n',
            },
            answers={"rpm": rpm},
        )
        os.chmod(host.path("/usr/bin/rpm"), 0o755)
        return host

    return make


def test_rpm_is_asked_where_it_manages_the_packages(of_rpm):
    host = of_rpm(RPM_SAYS)
    found = seen(host, "sudo", "libpam-modules")
    assert (found["status"], found["observed"]) == ("fail", {"package_files: sudo": "altered"})
    assert "/usr/bin/sudo is not what the package brought" in found["message"]
    assert "sudoers" not in found["message"] and "sudo.log" not in found["message"]
    assert ["rpm", "--verify", "--nodeps", "--noscripts", "sudo", "pam"] in host.ran
    assert seen(of_rpm(""), "sudo", "libpam-modules")["status"] == "pass"
