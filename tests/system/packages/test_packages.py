# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packages come out of the sandbox as from a plain chroot: trees after the same installation are the same but for what is said here."""

from __future__ import annotations

import pytest
import trees

# Why each of these may differ.
EXCEPTED = {
    "logs have times": "/var/log/.*",
    "rpm's database has times; it is compared by what it tells": "/var/lib/rpm/.*",
    "dnf's history and caches have times": "/var/(lib|cache)/dnf/.*",
    "systemd-tmpfiles makes no device for who lacks CAP_MKNOD; a boot makes them": "/var/lib/labtmp/(device|disk)",
    "ldconfig's notes have inode numbers": "/var/cache/ldconfig/aux-cache",
}


@pytest.mark.parametrize("isolation", ["strong", "reduced"])
def test_what_small_packages_bring(installed, isolation):
    plain, printed = installed["plain"]
    tree, printed_inside = installed[isolation]
    assert list(trees.differences(plain, tree, EXCEPTED.values())) == []
    assert printed_inside == printed
