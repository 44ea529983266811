# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looking at a filesystem of a disk image from the build host: mounted read-only where nobody else sees it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import Partition
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import devices
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, which

# What the kernel is asked to mount, and how: nothing runs from it, no device is opened through it, no time of access is written.
KINDS = {"ext2": "ro", "ext3": "ro", "ext4": "ro", "xfs": "ro,nouuid", "btrfs": "ro,subvolid=5"}
# The same without a byte of the disk changing, for one that is only read.
UNTOUCHED = {
    "ext2": "ro",
    "ext3": "ro,noload",
    "ext4": "ro,noload",
    "xfs": "ro,norecovery,nouuid",
    "btrfs": "ro,subvolid=5,rescue=nologreplay",
}
SAFE = "nosuid,nodev,noexec,noatime"
_SCRIPT = 'mount -n -t "$1" -o "$2" "$3" "$4" && echo "mounted $$" && read -r word; umount "$4"'


@contextlib.contextmanager
def mounted(partition: Partition, place: str, options: Mapping[str, str] | None = None) -> Iterator[str]:
    """The directory in which a filesystem of a raw disk can be seen, for as long as the caller needs.

    The process that holds the mount ends with this one, and the mount and its loop device with it.
    """
    how = (options or KINDS)[partition.filesystem]
    os.makedirs(place, mode=0o700, exist_ok=True)
    # A journal is replayed before the first look, though what is mounted then is read-only.
    device, path = devices.attached(partition.dump(), writable=how != UNTOUCHED[partition.filesystem])
    try:
        holder = subprocess.Popen(
            [
                which("unshare") or "unshare",
                "--mount",
                "--propagation",
                "slave",
                "sh",
                "-c",
                _SCRIPT,
                "sh",
                partition.filesystem,
                f"{how},{SAFE}",
                path,
                place,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=dict(os.environ, LC_ALL="C"),
        )
        answer = holder.stdout.readline().split() if holder.stdout else []
    finally:
        os.close(device)
    if not answer:
        error = (holder.communicate()[1].strip().splitlines() or ["mount failed"])[0].split(": ", 2)[-1].rstrip(".")
        raise ImageError(f"the {partition.filesystem} filesystem cannot be mounted on the build host: {error}")
    try:
        yield f"/proc/{answer[1]}/root{os.path.realpath(place)}"
    finally:
        holder.communicate("\n")
