# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real rulesets, real packets, and a whole Debian for the role. These tests need root, nft and a Debian mirror."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from site_around import Site

PROJECT = Path(__file__).parents[3]
CACHE = PROJECT / ".build"
PACKAGES = "systemd-sysv,dbus,python3,nftables,iproute2,openssh-server,qemu-guest-agent"


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0 or not shutil.which("nft"):
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root and nft"))


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
    """The tar file of a small Debian, made once."""
    tar = CACHE / f"flows-bookworm-{hashlib.sha256(PACKAGES.encode()).hexdigest()[:12]}.tar"
    if not tar.exists():
        CACHE.mkdir(exist_ok=True)
        command = ["mmdebstrap", "--mode=root", "--format=tar", "--variant=minbase", f"--include={PACKAGES}"]
        subprocess.run([*command, "bookworm", f"{tar}.part", f"deb {_mirror()} bookworm main"], check=True, capture_output=True)
        os.rename(f"{tar}.part", tar)
    return tar


@pytest.fixture
def tree(stock, tmp_path):
    """That Debian in a folder."""
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run(["tar", "--extract", f"--file={stock}", f"--directory={root}"], check=True)
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def site(stock, tmp_path_factory):
    """That Debian, running, with a site around it; made once for all that looks at running hosts."""
    folder = tmp_path_factory.mktemp("site")
    root = folder / "root"
    root.mkdir()
    subprocess.run(["tar", "--extract", f"--file={stock}", f"--directory={root}"], check=True)
    made = Site(root, folder)
    yield made
    made.end()
    shutil.rmtree(root)
