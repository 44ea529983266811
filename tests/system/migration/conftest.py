# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two hosts and a small guest that moves between them. These tests need root, libvirtd, QEMU and control groups (version 1)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import base
from hosts import CONTROLLERS, GROUPS, Host

NEEDED = ("libvirtd", "virsh", "qemu-system-x86_64", "mmdebstrap", "gcc")


def pytest_collection_modifyitems(items):
    groups = all((GROUPS / name / "cgroup.procs").exists() for name in CONTROLLERS)
    path = f"{os.environ['PATH']}:/usr/sbin"
    if os.geteuid() != 0 or not groups or not all(shutil.which(name, path=path) for name in NEEDED):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"needs root, control groups of version 1, {', '.join(NEEDED)}"))


@pytest.fixture(scope="session")
def system(tmp_path_factory):
    """A kernel of Debian, and an initramfs with one program."""
    place = tmp_path_factory.mktemp("system")
    tree = place / "tree"
    tree.mkdir()
    subprocess.run(["tar", "-xf", base.make("bookworm"), "-C", place, "--wildcards", "./boot/vmlinuz-*"], check=True)
    subprocess.run(["gcc", "-static", "-O1", "-o", tree / "init", Path(__file__).with_name("guest.c")], check=True)
    with open(place / "initrd", "wb") as stream:
        subprocess.run(["cpio", "--create", "--format=newc", "--quiet"], input=b"init\n", stdout=stream, cwd=tree, check=True)
    (kernel,) = (place / "boot").glob("vmlinuz-*")
    return {"kernel": kernel, "initrd": place / "initrd"}


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    """Where each host has images of its own."""
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="session")
def hosts(tmp_path_factory, images, system):
    """Both hosts, with the kernel of the guests and a pool each."""
    found = []
    try:
        for number in (1, 2):
            found.append(Host(tmp_path_factory.mktemp(f"host{number}"), number, images, *found))
            for name, path in system.items():
                shutil.copy(path, found[-1].images / name)
            found[-1].virsh("pool-create-as", "images", "dir", "--target", images)
        yield found
    finally:
        for host in reversed(found):
            host.stop()
