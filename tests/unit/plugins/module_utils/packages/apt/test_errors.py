# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.errors import sentence

# fmt: off
PRINTED = {
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)":
        "process 812 (unattended-upgr) holds /var/lib/dpkg/lock-frontend: wait",
    "W: GPG error: http://mirror/debian bookworm InRelease: The following signatures couldn't be verified because the "
    "public key is not available: NO_PUBKEY 0E98404D386FA1D9":
        "the signature of http://mirror/debian bookworm cannot be checked because its key 0E98404D386FA1D9 is not known",
    "W: GPG error: http://mirror/debian bookworm InRelease: The following signatures were invalid: BADSIG 0E98404D386FA1D9 Debian":
        "the signature of http://mirror/debian bookworm is bad (BADSIG)",
    "W: OpenPGP signature verification failed: http://mirror/debian trixie InRelease: Sub-process /usr/bin/sqv returned an error "
    "code (1), error message is: Missing key B2954B8568041E7B, which is needed to verify signature.":
        "the signature of http://mirror/debian trixie cannot be checked because its key B2954B8568041E7B is not known",
    "W: OpenPGP signature verification failed: http://mirror/debian trixie InRelease: Sub-process /usr/bin/sqv returned an error "
    "code (1), error message is: Verifying signature:            Message has been manipulated\n"
    "E: The repository 'http://mirror/debian trixie InRelease' is not signed.":
        "the signature of http://mirror/debian trixie is bad (Message has been manipulated)",
    "E: The repository 'http://mirror/debian bookworm InRelease' is not signed.":
        "http://mirror/debian bookworm is not signed",
    "E: The repository 'http://mirror/debian bookwurm Release' does not have a Release file.":
        "there is no Release file at http://mirror/debian bookwurm: correct the address or the suite",
    "E: Release file for http://mirror/debian-security/dists/bookworm-security/InRelease is expired "
    "(invalid since 3d 2h 1min 5s). Updates for this repository will not be applied.":
        "http://mirror/debian-security/dists/bookworm-security/InRelease expired 3d 2h 1min 5s ago: the mirror is stale",
    "E: Release file for http://mirror/InRelease is not valid yet (invalid for another 5h). Updates will not be applied.":
        "http://mirror/InRelease is signed for a later time than now: set this machine's clock",
    "E: Failed to fetch http://mirror/debian/dists/bookworm/InRelease  Temporary failure resolving 'mirror'\n"
    "E: Some index files failed to download. They have been ignored, or old ones used instead.":
        "mirror cannot be found, there is no network or no name service",
    "W: Failed to fetch http://mirror/x  Could not connect to mirror:80 (192.0.2.1), connection timed out":
        "mirror:80 does not answer",
    "E: Failed to fetch http://mirror/InRelease  Unable to connect to mirror:80:":
        "mirror:80 does not answer",
    "E: Failed to fetch http://mirror/pool/p/perl.deb  Connection failed [IP: 192.0.2.1 80]":
        "the connection broke while http://mirror/pool/p/perl.deb was fetched",
    "The following held packages will be changed:\n  openssl\nE: Held packages were changed and -y was used without "
    "--allow-change-held-packages.":
        "openssl would be changed although it is held: release it",
    "E: Failed to fetch http://mirror/pool/p/perl.deb  404  Not Found [IP: 192.0.2.1 80]":
        "http://mirror/pool/p/perl.deb could not be fetched (404  Not Found)".replace("  ", " "),
    "E: You don't have enough free space in /var/cache/apt/archives/.":
        "there is no space left on the disk /var/cache/apt/archives/: enlarge it",
    "dpkg: error processing archive x.deb (--unpack):\n cannot copy extracted data: failed to write (No space left on device)":
        "there is no space left on the disk: enlarge it",
    "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?":
        "a package that is needed has not been downloaded",
    "E: Unable to locate package auditt":
        "no source of apt has a package auditt: correct the name",
    "E: Package 'telnetd' has no installation candidate":
        "no source of apt has a package telnetd: correct the name",
    "The following packages have unmet dependencies:\n auditd : Depends: libaudit1 (>= 1:3.0.9) but 1:3.0.7 is to be installed\n"
    "E: Unable to correct problems, you have held broken packages.":
        "auditd needs libaudit1 (>= 1:3.0.9), which cannot be installed with what is there: release held packages",
    "dpkg: error processing package auditd (--configure):\n installed auditd package post-installation script subprocess "
    "returned error exit status 1\nE: Sub-process /usr/bin/dpkg returned an error code (1)":
        "auditd could not be installed or removed: installed auditd package post-installation script",
    "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.":
        "dpkg was interrupted before: run dpkg --configure -a",
    "W: something\nE: Something that nobody knows.":
        "apt-get failed: Something that nobody knows",
    "": "apt-get failed: no reason given",
}
# fmt: on


@pytest.mark.parametrize("printed, meaning", PRINTED.items())
def test_the_cause_is_one_sentence(printed, meaning):
    assert sentence(printed).startswith(meaning)
    assert "\n" not in sentence(printed) and not sentence(printed).endswith(".")


def test_what_the_sandboxs_proxy_refused_is_reported_with_its_reason():
    text = (
        "Err:1 http://deb.example.org/debian stable InRelease\n"
        "  403  deb.example.org:80 is named by no package source of the template: add it to image_package_hosts [IP: 127.0.0.1 3]\n"
        "E: The repository 'http://deb.example.org/debian stable InRelease' is not signed.\n"
    )
    assert sentence(text) == "deb.example.org:80 is named by no package source of the template: add it to image_package_hosts"
