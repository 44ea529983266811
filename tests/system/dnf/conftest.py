# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A system of the RHEL family whose dnf, rpm and repositories are real. These tests need root and a Debian mirror."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.manager import Dnf
from ansible_collections.hygeia.golden.tests.templates import chrooted, small

sys.path.insert(0, str(Path(__file__).parent))

import lab as laboratory  # pylint: disable=wrong-import-position


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def stock():
    """The tar file of a small Debian with dnf and rpm, made once."""
    return small.make("dnf", "bookworm", laboratory.DEBIAN)


@pytest.fixture(scope="session")
def made(stock, tmp_path_factory):
    """The system with its repositories behind an HTTP server."""
    root = tmp_path_factory.mktemp("dnf") / "root"
    root.mkdir()
    subprocess.run(["tar", "--extract", f"--file={stock}", f"--directory={root}"], check=True)
    root.chmod(0o755)
    server = laboratory.Server(root / laboratory.SRV.lstrip("/"))
    lab = laboratory.Lab(root)
    lab.make(server)
    yield lab
    server.stop()
    lab.end()
    shutil.rmtree(root.parent)


@pytest.fixture
def lab(made):
    """The system as it was made: the packages of «base», and the repositories «base» and «updates», whose metadata is fetched."""
    made.reset()
    return made


@pytest.fixture
def host(lab):
    return chrooted.host(lab.root)


@pytest.fixture
def manager(host):
    return Dnf(host)
