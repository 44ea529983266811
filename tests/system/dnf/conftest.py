# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A system of the RHEL family whose dnf, rpm and repositories are real. These tests need root and a Debian mirror."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf import Dnf

PROJECT = Path(__file__).parents[3]
CACHE = PROJECT / ".build"
sys.path.insert(0, str(Path(__file__).parent))

import lab as laboratory  # noqa: E402  # pylint: disable=wrong-import-position


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def _mirror():
    """Where this machine gets Debian's packages; the template's recipe knows."""
    sys.path.insert(0, str(PROJECT / "tests/templates"))
    try:
        import base  # pylint: disable=import-outside-toplevel
        return base.mirrors()["main"]
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="session")
def stock():
    """The tar file of a small Debian with dnf and rpm, made once."""
    packages = ",".join(laboratory.DEBIAN)
    tar = CACHE / f"dnf-bookworm-{hashlib.sha256(packages.encode()).hexdigest()[:12]}.tar"
    if not tar.exists():
        CACHE.mkdir(exist_ok=True)
        command = ["mmdebstrap", "--mode=root", "--format=tar", "--variant=minbase", f"--include={packages}"]
        subprocess.run([*command, "bookworm", f"{tar}.part", f"deb {_mirror()} bookworm main"], check=True, capture_output=True)
        os.rename(f"{tar}.part", tar)
    return tar


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
    return Host(str(lab.root))


@pytest.fixture
def manager(host):
    return Dnf(host)
