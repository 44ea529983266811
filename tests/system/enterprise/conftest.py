# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stand-in for Enterprise Linux goes through the main job once, boot included. This needs root, loop devices, QEMU and a Debian mirror."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

import pytest
import testinfra
from ansible_collections.hygeia.golden.tests.templates import lvm

sys.path.insert(0, str(Path(__file__).parent))

from main_job import Job, run  # pylint: disable=wrong-import-position


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def job(tmp_path_factory):
    return Job(tmp_path_factory.mktemp("enterprise"))


@pytest.fixture(scope="session")
def records(job):
    """The records of controls and checks, by their name and stage."""
    return {(record["control"], record["stage"]): record for record in job.evidence("results.json")["records"]}


@pytest.fixture(scope="session")
def image(job):
    """The promoted image, mounted without writing to it, as the programs of LVM find its root."""
    raw, root = job.place / "promoted.raw", job.place / "root"
    root.mkdir()
    run("qemu-img", "convert", "-O", "raw", job.pointer, raw)
    table = json.loads(run("sfdisk", "--json", raw))["partitiontable"]
    boot, group = [(part["start"] * 512, part["size"] * 512) for part in table["partitions"]][-2:]
    with lvm.on(job.place / "lvm", a=(raw, *group)) as tools:
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
