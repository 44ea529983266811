# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Step, read

TEXT = """\
Reading package lists...
The following packages have been kept back:
  libssl3
The following packages will be upgraded:
  perl tzdata
Inst perl [5.36.0-7+deb12u3] (5.36.0-7+deb12u4 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) [perl-base:amd64 ]
Inst tzdata [2026b-0+deb12u1] (2026f-0+deb12u1 Debian:12-updates/oldstable-updates [all])
Inst linux-image-6.1.0-56-amd64 (6.1.192-2 Debian-Security:12/oldstable-security [amd64])
Inst libc6:i386 [2.35-0ubuntu3.1] (2.35-0ubuntu3.8 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [i386])
Inst local (1.0 [all])
Remv telnet [0.17-44]
Conf tzdata (2026f-0+deb12u1 Debian:12-updates/oldstable-updates [all])
"""


def test_every_step_is_read_with_its_versions_and_its_source():
    found = read(TEXT)
    assert found.installs[1] == Step("tzdata", "2026b-0+deb12u1", "2026f-0+deb12u1", "Debian:12-updates/oldstable-updates")
    assert [step.package for step in found.installs] == ["perl", "tzdata", "linux-image-6.1.0-56-amd64", "libc6:i386", "local"]
    assert found.installs[2].before == ""
    assert found.removes == (Step("telnet", "0.17-44", ""),)
    assert found.kept_back


def test_a_step_is_for_security_when_any_of_its_sources_is():
    assert [step.security for step in read(TEXT).installs] == [True, False, True, True, False]


def test_nothing_to_do():
    assert read("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n").steps == ()
