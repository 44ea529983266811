# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is free on a FAT filesystem, which a kernel without vfat cannot mount: an EFI partition, mostly."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.fat import Layout, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import Window

__all__ = ["NotUnderstood", "free"]


def free(window: Window) -> Iterator[Range]:
    """The stretches of the clusters that belong to no file."""
    layout = Layout.of(window)
    table = window.read(layout.table, layout.table_size)
    for number in _unused(table, layout.width, layout.clusters):
        start = layout.data + number * layout.cluster
        yield start, start + layout.cluster


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
