# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small Debian with each program that sets up a network; none of them is ever installed on the machine that tests."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.tests.templates import small

PACKAGES = ["systemd-sysv", "dbus", "iproute2", "python3", "network-manager", "ifupdown", "dhcpcd-base", "procps"]
NEEDED = ("radvd", "systemd-nspawn", "mmdebstrap")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0 or not all(map(shutil.which, NEEDED)):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"needs root and {', '.join(NEEDED)}"))


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """The directory of the system."""
    found = tmp_path_factory.mktemp("network") / "root"
    found.mkdir()
    subprocess.run(["tar", "--extract", "--file", small.make("network", "bookworm", PACKAGES), "--directory", found], check=True)
    return found
