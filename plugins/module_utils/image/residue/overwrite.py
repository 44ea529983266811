# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Overwriting what a disk image holds beside its files: what deleted files left, swap, journals.

Nothing is filled to find what is free. The kernel tells it of each filesystem while that is mounted read-only, and the
bytes are overwritten once it is unmounted; so no file, time or attribute changes. What cannot be overwritten is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import HARMLESS, LUKS, MEMBER, Partition
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import btrfs, ext4_journal, fat, files, fsmap, xfs_log
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.mounted import KINDS, mounted
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import Pieces, Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

EXT = ("ext2", "ext3", "ext4")
# A partition without a filesystem up to this size is a boot loader's.
BOOT_LOADER = 8 << 20
SWAP, PAGES = b"SWAPSPACE2", (4096, 8192, 16384, 65536)

# Called with the directory of a filesystem; overwrites something and tells how many bytes.
Look = Callable[[str], object]
Step = Callable[..., int]


@dataclass
class Overwritten:
    """How many bytes were overwritten, and a sentence about each thing that was not."""

    size: int = 0
    remaining: list[str] = field(default_factory=list)


def overwrite(
    handles: Mapping[str, int], partitions: Sequence[Partition], place: str, limit: float, look: Look = lambda directory: None
) -> Overwritten:
    """Overwrite what no file holds of raw disks, which are open by their paths.

    ``look`` is called with the directory of each filesystem that can be mounted.
    """
    done = Overwritten()
    for partition in partitions:
        if partition.refused:
            done.remaining.append(f"{partition}: {partition.refused}")
            continue
        for step in _steps(partition):
            try:
                done.size += step(_window(handles, partition), partition, place, limit, look)
            except (ImageError, ValueError, TimeoutError) as problem:
                done.remaining.append(f"{partition}: {problem}")
    return done


def _window(handles: Mapping[str, int], partition: Partition) -> Window:
    if partition.pieces:
        return Pieces([Window(handles[disk], offset, size) for disk, offset, size in partition.pieces])
    return Window(handles[partition.disk], partition.offset, partition.size)


def _steps(partition: Partition) -> list[Step]:
    """What is done about a partition, one after the other."""
    kind = partition.filesystem
    if kind == LUKS and partition.unlocked:  # what it holds has its own turn
        return []
    if kind == MEMBER:
        return [_free_extents]
    if kind in EXT:
        return [_unused, _journal]
    if kind == "xfs":
        return [_unused, _log]
    if kind in KINDS:
        return [_unused]
    if kind in ("vfat", "swap"):
        return [_free_clusters if kind == "vfat" else _swap]
    return [] if kind in HARMLESS or (not kind and partition.size <= BOOT_LOADER) else [_unknown]


def _unused(window: Window, partition: Partition, place: str, limit: float, look: Look) -> int:
    """What is free on a filesystem, and what its files have but cannot be read through them."""
    with mounted(partition, place) as directory:
        look(directory)
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            unread = list(files.unread(directory, limit))
            if partition.filesystem == "btrfs":
                found = btrfs.Btrfs(handle, btrfs.superblock(window.handle, window.offset))
                ranges = list(found.free()) + [piece for start, end in unread for piece in found.places(start, end)]
            else:
                ranges = list(fsmap.free(handle)) + unread
        finally:
            os.close(handle)
    return window.free(ranges)


def _journal(window: Window, *unused_arguments: object) -> int:
    return window.zero(ext4_journal.stretches(window))


def _log(window: Window, *unused_arguments: object) -> int:
    return xfs_log.clear(window)


def _free_clusters(window: Window, *unused_arguments: object) -> int:
    return window.free(fat.free(window))


def _swap(window: Window, *unused_arguments: object) -> int:
    """All but the first page, which has the label and the UUID."""
    for page in PAGES:
        if window.read(page - len(SWAP), len(SWAP)) == SWAP:
            return window.free([(page, window.size)])
    raise ValueError("its header is not that of a swap area")


def _free_extents(window: Window, partition: Partition, *unused_arguments: object) -> int:
    return window.free(partition.free)


def _unknown(*unused_arguments: object) -> NoReturn:
    raise ValueError("its free space cannot be determined")
