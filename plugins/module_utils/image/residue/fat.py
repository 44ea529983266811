# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is free on a FAT filesystem, which a kernel without vfat cannot mount: an EFI partition, mostly."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import Window


class NotUnderstood(ValueError):
    """Bytes that are no FAT filesystem."""


def free(window: Window) -> Iterator[Range]:
    """The stretches of the clusters that belong to no file."""
    head = window.read(0, 512)
    (sector,) = struct.unpack_from("<H", head, 11)
    per_cluster = head[13]
    reserved, tables, entries = struct.unpack_from("<HBH", head, 14)
    (small,) = struct.unpack_from("<H", head, 19)
    sectors = small or struct.unpack_from("<I", head, 32)[0]
    table = struct.unpack_from("<H", head, 22)[0] or struct.unpack_from("<I", head, 36)[0]
    if head[510:512] != b"\x55\xaa" or sector not in (512, 1024, 2048, 4096) or not per_cluster or not tables or not table:
        raise NotUnderstood("its first sector is not that of a FAT filesystem")
    first = reserved + tables * table + -(-entries * 32 // sector)
    count = (sectors - first) // per_cluster
    if count <= 0 or sectors * sector > window.size:
        raise NotUnderstood("it claims to be larger than its partition")
    width = 12 if count < 4085 else 16 if count < 65525 else 32
    if (count + 2) * width // 8 > table * sector:
        raise NotUnderstood("its table is too short")
    size = per_cluster * sector
    data = window.read(reserved * sector, table * sector)
    for number in _unused(data, width, count):
        start = first * sector + number * size
        yield start, start + size


def _unused(table: bytes, width: int, count: int) -> Iterator[int]:
    """The numbers, from 0, of clusters that the table has as free."""
    if width == 12:
        for number in range(count):
            entry = number + 2
            word = table[entry * 3 // 2] | table[entry * 3 // 2 + 1] << 8
            if not (word >> 4 if entry & 1 else word & 0xFFF):
                yield number
        return
    words = memoryview(table)[: (count + 2) * width // 8].cast("H" if width == 16 else "I")
    mask = 0x0FFFFFFF if width == 32 else 0xFFFF
    yield from (number for number, word in enumerate(words[2:]) if not word & mask)
