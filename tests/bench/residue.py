# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what the residue scan costs on a tree of files and on a raw disk, and what it finds there: figures to read, nothing is asserted.

    python tests/bench/residue.py TREE-OR-DISK [PROCESSES]

A directory is searched as the root of a system, anything else as a disk; a qcow2 file is unpacked first. The processors' seconds
are those of all processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules, scan
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

LONGEST = 3600


def main():
    with tempfile.TemporaryDirectory() as directory:
        measure(unpacked(sys.argv[1], directory))


def unpacked(place, directory):
    if not place.endswith(".qcow2"):
        return place
    raw = os.path.join(directory, "disk")
    subprocess.run(["qemu-img", "convert", "-O", "raw", place, raw], check=True)
    return raw


def measure(place):
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    loaded = rules.load(list(Catalogue().residue.values()))
    began, before = time.monotonic(), sum(os.times()[:4])
    tree = Host(place, check=True) if os.path.isdir(place) else None
    found = scan.of_system(tree, loaded, b"", LONGEST, count) if tree else scan.of_disks([Disk(place, place)], loaded, b"", LONGEST, count)
    seconds, used = time.monotonic() - began, sum(os.times()[:4]) - before
    print(f"{found.files} files searched, {found.unchanged} unchanged, {found.searched / 1e6:.0f} MB")
    print(f"{seconds:.1f} s, {used:.1f} s of processors; {found.searched / 1e6 / seconds:.0f} MB/s, load {os.getloadavg()[0]:.1f}")
    for finding in found.findings:
        print(f"{finding.rule}: {finding.path} at byte {finding.offset}, {len(finding.hashes)}")
    for path, reason in found.unread.items():
        print(f"not searched: {path}: {reason}")


if __name__ == "__main__":
    main()
