# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The journal of an ext3 or ext4 filesystem that was unmounted cleanly: former directories, with the names of what was in them.

Where it lies says the superblock itself, which keeps a copy of the journal's inode.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import Window

MAGIC, HAS_JOURNAL, RECOVER, JOURNAL_DEV = 0xEF53, 0x4, 0x4, 0x8
EXTENT_MAGIC, JOURNAL_MAGIC = 0xF30A, 0xC03B3998
DIRECT = 12

# The first of blocks in a row, and how many they are.
Run = tuple[int, int]


class NotUnderstood(ValueError):
    """A journal that is not where it was expected, or that is still needed."""


def stretches(window: Window) -> list[Range]:
    """What of the journal is not needed by a clean filesystem: all but its first block."""
    superblock = window.read(1024, 1024)
    if struct.unpack_from("<H", superblock, 56)[0] != MAGIC:
        raise NotUnderstood("its superblock cannot be read")
    compatible, incompatible = struct.unpack_from("<2I", superblock, 0x5C)
    if not compatible & HAS_JOURNAL:
        return []
    if incompatible & (RECOVER | JOURNAL_DEV) or struct.unpack_from("<I", superblock, 0xE4)[0]:
        raise NotUnderstood("its journal is still needed, or lies elsewhere")
    block = 1024 << struct.unpack_from("<I", superblock, 24)[0]
    kind = superblock[0xFD]
    if kind != 1:
        raise NotUnderstood("its superblock does not say where the journal is")
    inode = superblock[0x10C : 0x10C + 60]
    high, size = struct.unpack_from("<2I", superblock, 0x10C + 60)
    runs = list(_extents(window, inode, block) if struct.unpack_from("<H", inode)[0] == EXTENT_MAGIC else _pointers(window, inode, block))
    if sum(count for unused_start, count in runs) * block != (high << 32) + size:
        raise NotUnderstood("its journal is not of the size that its superblock says")
    _require_clean(window.read(runs[0][0] * block, 1024))
    found = [(start * block, (start + count) * block) for start, count in runs]
    return [(found[0][0] + block, found[0][1])] + found[1:]


def _require_clean(head: bytes) -> None:
    """The journal's own superblock, of which a start other than 0 means that something waits to be replayed."""
    magic, kind = struct.unpack_from(">2I", head)
    if magic != JOURNAL_MAGIC or kind not in (3, 4) or struct.unpack_from(">I", head, 28)[0]:
        raise NotUnderstood("its journal is still needed")


def _extents(window: Window, node: bytes, block: int, levels: int = 5) -> Iterator[Run]:
    """The runs of blocks (start, count) below a node of an extent tree."""
    magic, entries, unused_most, depth = struct.unpack_from("<4H", node)
    if magic != EXTENT_MAGIC or depth >= levels or 12 + entries * 12 > len(node):
        raise NotUnderstood("its journal's extents cannot be read")
    for number in range(entries):
        unused_logical, length, high, low = struct.unpack_from("<I2HI", node, 12 + number * 12)
        if depth == 0:
            yield (high << 32) + low, length
            continue
        unused_logical, low, high = struct.unpack_from("<2IH", node, 12 + number * 12)
        yield from _extents(window, window.read(((high << 32) + low) * block, block), block, depth)


def _pointers(window: Window, inode: bytes, block: int) -> list[Run]:
    """The same for the list of blocks that ext3 has: twelve, then blocks of blocks, then blocks of those."""
    words = struct.unpack("<15I", inode)
    runs: list[Run] = []
    for level, word in [(0, word) for word in words[:DIRECT]] + [(1, words[12]), (2, words[13]), (3, words[14])]:
        for number in _data(window, word, level, block) if word else ():
            if runs and runs[-1][0] + runs[-1][1] == number:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            else:
                runs.append((number, 1))
    return runs


def _data(window: Window, number: int, level: int, block: int) -> Iterator[int]:
    if level == 0:
        yield number
        return
    for below in struct.unpack(f"<{block // 4}I", window.read(number * block, block)):
        if below:
            yield from _data(window, below, level - 1, block)
