# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import choices
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.dpkg import Packages, origins

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


class Named:
    """A host whose only file is a status file."""

    def __init__(self, path):
        self.path = path

    def read(self, unused_path, unused_limit):
        return self.path.read_text(encoding="utf-8") if self.path.exists() else None


def packages(tmp_path):
    (tmp_path / "status").write_text(STATUS)
    return Packages(Named(tmp_path / "status"))


def test_only_what_is_installed_has_a_version(tmp_path):
    assert packages(tmp_path).versions == {"bash": "5.2.15-2+b7", "systemd": "252", "libc6": "2.36"}


def test_what_dpkg_began_and_did_not_finish_is_reported(tmp_path):
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
    assert Packages(Named(tmp_path / "none")).versions == {}


def test_a_choice_of_packages():
    assert choices("systemd-timesyncd | chrony") == ["systemd-timesyncd", "chrony"]


_SOURCES = """Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.0.17-1~deb12u1

Package: linux-image-6.1.0-50-amd64
Status: hold ok installed
Architecture: amd64
Source: linux-signed-amd64 (6.1.176+1)
Version: 6.1.176-1
Built-Using: linux (= 6.1.176-1)

Package: shim-signed
Status: install ok installed
Architecture: amd64
Version: 1.44~1+deb12u1

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1
"""


def test_it_lists_what_is_installed_with_the_source_that_advisories_speak_of(tmp_path):
    status = tmp_path / "status"
    status.write_text(_SOURCES)
    found = [(entry["package"], entry["source"], entry["source_version"]) for entry in Packages(Named(status)).listing()]
    assert found == [
        ("libssl3", "openssl", "3.0.17-1~deb12u1"),
        ("linux-image-6.1.0-50-amd64", "linux", "6.1.176-1"),
        ("shim-signed", "shim-signed", "1.44~1+deb12u1"),
    ]


def test_the_lists_say_the_source_of_an_update():
    shown = "Package: linux-base\nVersion: 2\n\n" + _SOURCES
    assert origins(shown)[("libssl3", "3.0.17-1~deb12u1")] == ("openssl", "3.0.17-1~deb12u1")
    assert origins(shown)[("linux-base", "2")] == ("linux-base", "2")
