# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates as sites have them go through the main job side by side, boot included, in one run that all tests look at.

This needs root, FUSE, loop devices, lvm2, QEMU and a Debian mirror.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import testinfra
from ansible_collections.hygeia.golden.tests.system.patch.archive import Archive, Key, served
from ansible_collections.hygeia.golden.tests.templates import lvm, small

sys.path.insert(0, str(Path(__file__).parent))

import made  # pylint: disable=wrong-import-position
from main_job import Job  # pylint: disable=wrong-import-position


def pytest_collection_modifyitems(items):
    for item in items:
        # Four emulated systems wait for each other, and for whatever else runs.
        item.add_marker(pytest.mark.timeout(3600))
        if os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def job(tmp_path_factory):
    """One run of the main job over all templates."""
    place = tmp_path_factory.mktemp("inventory")
    key = Key(place / "key")
    archive = Archive(place / "archive", key)
    old = archive.add("innocent", "1.0")
    archive.add("innocent", "2.0")
    archive.publish()
    with served(archive.place) as address:
        tree = server(place, old, archive.sources(address))
        hosts = {name: made.make(place, name, tree) for name in made.MADE}
        tree.unlink()
        ran = Job(place, hosts, [address.removeprefix("http://")])
    key.end()
    return ran


def server(place, package, sources):
    """The root filesystem of a server for which an update waits, as a tar file."""
    root, tar = place / "tree", place / "tree.tar"
    root.mkdir()
    words = ["--numeric-owner", "--xattrs", "--xattrs-include=*"]
    run("tar", "--extract", f"--file={small.booting('trixie')}", f"--directory={root}", *words)
    (root / "root/innocent.deb").write_bytes(package.read_bytes())
    run("chroot", root, "dpkg", "--install", "/root/innocent.deb")
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    (root / "etc/apt/sources.list.d/tests.sources").write_text(sources)
    run("tar", "--create", f"--file={tar}", f"--directory={root}", *words, ".")
    run("rm", "-r", root)
    return tar


@pytest.fixture(scope="session")
def records(job):
    """Those of the stand-in."""
    return job.records("enterprise")


@pytest.fixture(scope="session")
def image(job):
    """The promoted image of the stand-in, mounted without writing to it, as the programs of LVM find its root."""
    raw, root = job.disk("enterprise"), job.place / "root"
    root.mkdir()
    boot, group = made.partitions(raw)[-2:]
    with lvm.on(job.place / "lvm-enterprise", a=(raw, *group)) as tools:
        ((unused_device, start, size),) = tools.layout()["root"]
    with contextlib.ExitStack() as held:
        for place, offset, length, options in (("", group[0] + start, size, "ro,norecovery,nouuid"), ("boot", *boot, "ro,noload")):
            device = run("losetup", "--find", "--show", "--read-only", "--offset", offset, "--sizelimit", length, raw).strip()
            held.callback(run, "losetup", "--detach", device)
            run("mount", "-o", options, device, root / place)
            held.callback(run, "umount", root / place)
        for name in ("proc", "dev"):
            run("mount", "--bind", f"/{name}", root / name)
            held.callback(run, "umount", root / name)
        yield testinfra.get_host(str(root), connection="chroot")
    raw.unlink()


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, text=True, capture_output=True).stdout
