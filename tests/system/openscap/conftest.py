# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real oscap in a real Debian in a directory. These tests need root and a Debian mirror, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """The root filesystem of a Debian 12 with a notice."""
    root = tmp_path_factory.mktemp("openscap") / "root"
    subprocess.run([sys.executable, str(PROJECT / "tests/templates/build.py"), "--format=directory", f"--output={root}"], check=True)
    (root / "etc/notice").write_text("Staff only\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The same as a disk image."""
    disk = tmp_path_factory.mktemp("openscap") / "debian-12.qcow2"
    subprocess.run([sys.executable, str(PROJECT / "tests/templates/build.py"), f"--output={disk}"], check=True)
    return disk
