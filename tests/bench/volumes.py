# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what opening costs when the root is on a logical volume, beside the same system on a partition. Nothing is asserted."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.tests.templates import images, lvm

TURNS = 15


def main():
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        place = Path(scratch)
        boot = images.filesystem("ext4", place / "boot.raw", size=8 * images.MIB, label="boot")
        tree = images.system(place / "tree", "LABEL=boot /boot ext4 defaults 0 2\n")
        root = images.filesystem("ext4", place / "root.raw", tree)
        (member,) = lvm.group(place, "vg", 64 * images.MIB, root=root)
        disks = {
            "plain": images.disk("gpt", place / "plain.raw", [("linux", boot), ("linux", root)]),
            "lvm": images.disk("gpt", place / "lvm.raw", [("linux", boot), ("lvm", member)]),
        }
        times = {name: [] for name in disks}
        for unused_turn in range(TURNS):  # by turns, so that both meet the same load
            for name, disk in disks.items():
                times[name].append(opened(place, disk))
        medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    print(f"opening, the root on a partition:        {medians['plain']:.3f} s")
    print(f"opening, the root on a logical volume:   {medians['lvm']:.3f} s, {medians['lvm'] / medians['plain']:.2f} x")


def opened(place, disk):
    session = Session(str(place / "sessions/bench"))
    started = time.monotonic()
    session.open(str(disk))
    took = time.monotonic() - started
    session.discard()
    return took


if __name__ == "__main__":
    main()
