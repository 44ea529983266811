# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import dpkg, rpm
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.owned_files import OwnedFiles

ROCKY = {"/etc/os-release": 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n'}
DATABASE = {**ROCKY, "/var/lib/rpm/rpmdb.sqlite": "", "/etc/dnf/protected.d/sudo.conf": "sudo\n"}
SPEC = """\
Name: hygeia-sample
Version: 1.2
Release: 3
Summary: a package of this test
License: none
BuildArch: noarch
%description
Nothing.
%install
mkdir -p %{buildroot}/usr/share/sample %{buildroot}/etc
echo shared > %{buildroot}/usr/share/sample/data
echo "value = 1" > %{buildroot}/etc/sample.conf
ln -s data %{buildroot}/usr/share/sample/link
%files
/usr/share/sample
%config(noreplace) /etc/sample.conf
"""


def test_a_rebuild_is_asked_once_and_says_what_is_protected(tree):
    host = tree(DATABASE, answers={"rpm": "bash 5.1.8-9.el9\nsudo 1.9.5p2-10.el9\ntelnet 1:0.17-85.el9\n"})
    packages = host.packages
    assert packages.installed("bash") and not packages.installed("auditd")
    assert packages.versions["telnet"] == "1:0.17-85.el9"
    assert packages.essential("sudo") and not packages.essential("bash")
    assert (packages.unfinished, len(host.ran)) == ({}, 1)


def test_a_missing_database_is_an_error_and_not_an_empty_system(tree):
    host = tree(ROCKY, answers={"rpm": ""})
    known = Control("known", {"service": {"ssh": "enabled"}})
    unknown = Control("unknown", {"service": {"auditd": "enabled"}}, {"package": "audit"})
    records = audit(host, [known, unknown], "offline")
    assert [record["status"] for record in records] == ["not_applicable", "error"]
    assert "rpm has no database" in records[1]["message"]
    assert [outcome["outcome"] for outcome in enforce(host, [known, unknown]).outcomes] == ["not_applicable", "failed"]
    assert audit(host, [Control("c", {"package": {"telnet": "absent"}})], "offline")[0]["status"] == "error"


def test_a_database_that_cannot_be_read_is_an_error(tree):
    host = tree(DATABASE, answers={"rpm": CommandResult(1, "", "error: cannot open Packages database in /var/lib/rpm\n")})
    with pytest.raises(rpm.RpmError, match="cannot open Packages database"):
        host.packages.installed("bash")


def test_settings_of_controls_that_are_unknown_now_stay(tree):
    host = tree({**DATABASE, "/usr/lib/systemd/systemd-journald": "Storage\0"}, answers={"rpm": "rsyslog 8.2\n"})
    controls = [Control("j", {"systemd_conf": {"journald.Storage": "persistent"}}, {"package": "rsyslog"})]
    enforce(host, controls)
    text = host.read("/etc/systemd/journald.conf.d/zz-hygeia.conf")
    broken = tree(answers={"rpm": CommandResult(1, "", "error\n")})
    enforce(broken, controls)
    assert "persistent" in text and broken.read("/etc/systemd/journald.conf.d/zz-hygeia.conf") == text


def test_rpm_on_debian_is_only_a_tool(tree):
    files = {"/etc/os-release": "ID=debian\n", dpkg.STATUS: "Package: bash\nStatus: install ok installed\nVersion: 5\n", **DATABASE}
    assert tree({**files, "/etc/os-release": "ID=debian\n"}).packages.source == dpkg.STATUS


def test_one_of_several_names_is_enough_to_apply(tree):
    host = tree(DATABASE, answers={"rpm": "cronie 1.5-1\n"})
    assert Control("c", {"file": {}}, {"package": "cron | cronie"}).irrelevant(host) == ""
    assert Control("c", {"file": {}}, {"package": "at | atd"}).irrelevant(host) == "at or atd is not installed"


@pytest.fixture
def real(tree, tmp_path):
    """A tree with a database that this machine's rpm has made, and that it is asked about."""
    if not shutil.which("rpmbuild") or os.geteuid() != 0:
        pytest.skip("rpm is not installed on this machine, or only root may fill its database")
    work = tmp_path.parent / f"{tmp_path.name}-rpm"
    work.mkdir()
    (work / "sample.spec").write_text(SPEC)
    build = ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {work}", str(work / "sample.spec")]
    subprocess.run(build, check=True, capture_output=True)
    # Debian's rpm keeps its database elsewhere by default.
    options = ["--root", str(tmp_path), "--dbpath", "/var/lib/rpm"]
    built = str(next(work.glob("RPMS/noarch/*.rpm")))
    subprocess.run(["rpm", *options, "--nodeps", "--noscripts", "-i", built], check=True, capture_output=True)

    def ask(argv, unused_stdin):
        done = subprocess.run([argv[0], *options, *argv[1:]], capture_output=True, text=True, check=False)
        return CommandResult(done.returncode, done.stdout, done.stderr)

    return tree(ROCKY, answers={"rpm": ask})


def test_a_real_database_is_read(real):
    assert real.packages.versions == {"hygeia-sample": "1.2-3"}
    record = audit(real, [Control("c", {"package": {"hygeia-sample": "absent"}})], "offline")[0]
    assert (record["status"], record["message"]) == ("fail", "hygeia-sample 1.2-3 is installed")


@pytest.mark.parametrize("path", ["/usr/share/sample/data", "/etc/sample.conf"])
def test_files_are_as_their_package_brought_them_until_somebody_changes_them(real, path):
    owned = OwnedFiles(real)
    assert len(owned) == 2
    assert unchanged(owned, real, path) and not unchanged(owned, real, "/etc/os-release")
    with open(real.root + path, "a", encoding="utf-8") as stream:
        stream.write("more\n")
    assert not unchanged(owned, real, path)


def unchanged(owned, host, path):
    with open(host.root + path, "rb") as stream:
        return owned.unchanged(path, stream.fileno())


@pytest.mark.parametrize("answer", [CommandResult(1, "", "error\n"), CommandResult(0, "0123 /x\n/y\n\n", "")])
def test_where_rpm_gives_no_digests_nothing_is_unchanged(tree, answer):
    assert len(OwnedFiles(tree({**ROCKY, "/x": "x"}, answers={"rpm": answer}))) == 0


def test_it_lists_what_is_installed_with_its_source(tree):
    host = tree(
        DATABASE,
        answers={"rpm": "openssl-libs 1:3.2.2-6.el9 x86_64 openssl-3.2.2-6.el9.src.rpm\ngpg-pubkey 8483c65d-5ccc5b19 (none) (none)\n"},
    )
    assert host.packages.listing() == [
        {
            "package": "openssl-libs",
            "version": "1:3.2.2-6.el9",
            "architecture": "x86_64",
            "source": "openssl",
            "source_version": "3.2.2-6.el9",
        }
    ]
