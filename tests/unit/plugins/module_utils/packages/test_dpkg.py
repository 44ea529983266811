# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import choices
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dpkg import Packages

STATUS = """\
Package: bash
Essential: yes
Status: install ok installed
Priority: required
Version: 5.2.15-2+b7
Description: a shell
 Status: not this line

Package: telnet
Status: deinstall ok config-files
Version: 0.17

Package: auditd
Status: install ok half-configured
Version: 1:3.0.9-1

Package: systemd
Status: install ok triggers-pending
Version: 252

Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36

Package: libc6
Status: deinstall ok config-files
Architecture: i386
Version: 2.31
"""


def packages(tmp_path):
    (tmp_path / "status").write_text(STATUS)
    return Packages(str(tmp_path / "status"))


def test_only_what_is_installed_has_a_version(tmp_path):
    assert packages(tmp_path).versions == {"bash": "5.2.15-2+b7", "systemd": "252", "libc6": "2.36"}


def test_what_dpkg_began_and_did_not_finish_is_told(tmp_path):
    assert packages(tmp_path).unfinished == {"auditd": "half-configured"}


def test_essential_packages_are_known(tmp_path):
    assert packages(tmp_path).essential("bash")
    assert not packages(tmp_path).essential("systemd")


def test_states(tmp_path):
    found = packages(tmp_path)
    assert [found.state(name) for name in ("bash", "telnet", "rsync")] == ["installed", "config-files", "not-installed"]


def test_the_file_is_read_again_when_asked(tmp_path):
    found = packages(tmp_path)
    assert found.installed("bash")
    (tmp_path / "status").write_text("")
    assert found.installed("bash")
    found.forget()
    assert not found.installed("bash")


def test_a_plan_counts_before_the_file(tmp_path):
    found = packages(tmp_path)
    found.plan("telnet", True)
    found.plan("bash", False)
    assert (found.installed("telnet"), found.installed("bash")) == (True, False)


def test_without_dpkg_nothing_is_installed(tmp_path):
    assert Packages(str(tmp_path / "none")).versions == {}


def test_a_choice_of_packages():
    assert choices("systemd-timesyncd | chrony") == ["systemd-timesyncd", "chrony"]
