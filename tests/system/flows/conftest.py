# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real rulesets, real packets, and a whole Debian for the role. These tests need root, nft and a Debian mirror."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import small
from site_around import Site

PROJECT = Path(__file__).parents[3]
PACKAGES = "systemd-sysv dbus python3 nftables iproute2 openssh-server qemu-guest-agent".split()


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0 or not shutil.which("nft"):
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root and nft"))


@pytest.fixture(scope="session")
def stock():
    """The tar file of a small Debian, made once."""
    return small.make("flows", "bookworm", PACKAGES)


@pytest.fixture(scope="session")
def memory(tmp_path_factory):
    """A place that is quick to fill and to leave."""
    place = tmp_path_factory.mktemp("flows")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "flows", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.fixture(scope="session")
def unpacked(stock, memory):
    root = memory / "stock"
    root.mkdir()
    subprocess.run(["tar", "--extract", f"--file={stock}", f"--directory={root}"], check=True)
    return root


@contextlib.contextmanager
def copied(unpacked, name):
    """That Debian once more, in which only what changes takes room."""
    place = unpacked.parent / name
    root, upper, work = (place / part for part in ("root", "upper", "work"))
    for directory in (root, upper, work):
        directory.mkdir(parents=True)
    subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={unpacked},upperdir={upper},workdir={work}", name, root], check=True)
    try:
        yield root
    finally:
        subprocess.run(["umount", root], check=True)
        shutil.rmtree(place)


@pytest.fixture
def tree(unpacked):
    """That Debian in a directory, for one test."""
    with copied(unpacked, "tree") as root:
        yield root


@pytest.fixture(scope="module")
def agent_tree(unpacked):
    """That Debian in a directory, for all tests of the guest agent."""
    with copied(unpacked, "agent") as root:
        yield root


@pytest.fixture(scope="session")
def site(unpacked, tmp_path_factory):
    """That Debian, running, with a site around it; made once for all that looks at running hosts."""
    with copied(unpacked, "site") as root:
        made = Site(root, tmp_path_factory.mktemp("site"))
        try:
            yield made
        finally:
            made.end()
