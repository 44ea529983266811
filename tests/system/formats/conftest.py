# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small Debian with the programs whose formats are read; none of them is installed on the machine that tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import small

PACKAGES = ["cron", "auditd", "aide"]
NEEDED = ("gcc", "mmdebstrap")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0 or not all(map(shutil.which, NEEDED)):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"needs root and {' and '.join(NEEDED)}"))


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """The directory of the system."""
    found = tmp_path_factory.mktemp("formats") / "root"
    found.mkdir()
    subprocess.run(["tar", "--extract", "--file", small.make("formats", "bookworm", PACKAGES), "--directory", found], check=True)
    return found


@pytest.fixture(scope="session")
def preloaded(root):
    """Compile a file of this directory into a library that programs of the system can be started with; its path there."""

    def make(name):
        source = Path(__file__).with_name(name)
        library = root / source.with_suffix(".so").name
        subprocess.run(["gcc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source], check=True)
        return f"/{library.name}"

    return make
