# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import output
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Step

TEXT = """\
Calculating upgrade...
The following packages were automatically installed and are no longer required:
   left (1)
The following packages will be REMOVED:
   telnet (0.17-44)
   wiped* (1)
The following NEW packages will be installed:
   linux-image-6.1.0-56-amd64 (6.1.192-2)
The following packages have been kept back:
   libssl3 (1 => 2)
The following packages will be upgraded:
   libc6:i386 (2.35-0ubuntu3.1 => 2.35-0ubuntu3.8)
   perl (5.36.0-7+deb12u3 => 5.36.0-7+deb12u4)
   local (1:0.9~rc1 => 1:1.0)
The following packages will be DOWNGRADED:
   old (2 => 1)
4 upgraded, 1 newly installed, 1 downgraded, 2 to remove and 1 not upgraded.
Need to get 48.2 MB of archives.
'http://mirror/debian/pool/perl_5.36.0-7%2bdeb12u4_amd64.deb' perl_5.36.0-7+deb12u4_amd64.deb 239392 SHA256:00
"""
FILES = """\
Package files:
 100 /var/lib/dpkg/status
     release a=now
 500 http://mirror/debian-security bookworm-security/main amd64 Packages
     release v=12,o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64
     origin mirror
 500 http://mirror/debian bookworm/main amd64 Packages
     release v=12.15,o=Debian,a=oldstable,n=bookworm,l=Debian,c=main,b=amd64
     origin mirror
 500 http://mirror/debian bookworm/contrib amd64 Packages
     release v=12.15,o=Debian,a=oldstable,n=bookworm,l=Debian,c=contrib,b=amd64
     origin mirror
 500 https://vendor.example/apt ./ Packages
     release o=Vendor, Inc,l=Vendor, Inc,c=
     origin vendor.example
 500 https://plain.example/apt ./ Packages
     release c=
     origin plain.example
Pinned packages:
"""
VERSIONS = """\
perl:
  Installed: 5.36.0-7+deb12u3
  Candidate: 5.36.0-7+deb12u4
  Version table:
     5.36.0-7+deb12u4 500
        500 http://mirror/debian bookworm/main amd64 Packages
        500 http://mirror/debian bookworm/contrib amd64 Packages
        500 http://mirror/debian-security bookworm-security/main amd64 Packages
 *** 5.36.0-7+deb12u3 100
        100 /var/lib/dpkg/status
libc6:i386:
  Installed: 2.35-0ubuntu3.1
  Candidate: 2.35-0ubuntu3.8
  Version table:
     2.35-0ubuntu3.8 500 (phased 20%)
        500 https://plain.example/apt ./ Packages
local:
  Installed: 1:0.9~rc1
  Candidate: 1:1.0
  Version table:
     1:1.0 -1
         -1 https://vendor.example/apt ./ Packages
"""


@pytest.fixture
def found():
    return output.read(TEXT, output.origins(FILES, VERSIONS))


def test_every_step_is_read_with_its_versions_and_its_source(found):
    assert found.installs == (
        Step("linux-image-6.1.0-56-amd64", "", "6.1.192-2"),
        Step("libc6:i386", "2.35-0ubuntu3.1", "2.35-0ubuntu3.8", "plain.example"),
        Step("perl", "5.36.0-7+deb12u3", "5.36.0-7+deb12u4", "Debian:12.15/oldstable, Debian-Security:12/oldstable-security", True),
        Step("local", "1:0.9~rc1", "1:1.0", "Vendor, Inc:vendor.example"),
        Step("old", "2", "1"),
    )
    assert found.removes == (Step("telnet", "0.17-44", ""), Step("wiped", "1", ""))
    assert found.kept_back


def test_where_packages_come_from_is_asked_of_those_that_would_be_installed():
    assert output.names(TEXT) == ["linux-image-6.1.0-56-amd64", "libc6:i386", "perl", "local", "old"]


def test_what_it_needs_of_the_disks():
    assert output.needs(TEXT) == (48_200_000, 0)
    text = "Need to get 1,024 B/20.0 kB of archives.\nAfter this operation, 108 MB of additional disk space will be used.\n"
    assert output.needs(text) == (1024, 108_000_000)


def test_nothing_to_do():
    found = output.read("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n", {})
    assert (found.steps, found.kept_back) == ((), False)
