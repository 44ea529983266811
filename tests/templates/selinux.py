# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small Debian with SELinux's reference policy and its programs, in which no file has a label yet."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.templates import roots

PACKAGES = ["selinux-policy-default", "policycoreutils", "selinux-utils"]
# The policy is built by now, and nothing is installed after it.
UNNEEDED = "usr/share usr/lib/*/perl* usr/lib/python3* var/lib/dpkg var/lib/selinux"


def make():
    """The path of the tar file."""
    return roots.extended("selinux", roots.smallest("bookworm"), PACKAGES, script=f"{roots.CLEAN}rm -rf {UNNEEDED}")
