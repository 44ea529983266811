# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The entries of a directory, from the index of its names ($I30)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.record import BadRecord
from ansible_collections.hygeia.golden.plugins.module_utils.windows.text import utf16

_BELOW, _LAST = 1, 2
_DOS_NAME = 2
_DIRECTORY, _REPARSE, _HIDDEN, _SYSTEM = 0x10000000, 0x400, 2, 4


@dataclass(frozen=True)
class Entry:
    """A name in a directory, and the number of its record; ``modified`` is a FILETIME."""

    name: str
    record: int
    sequence: int
    directory: bool
    reparse: bool
    size: int
    modified: int


@dataclass(frozen=True)
class Node:
    """The entries of one node of the index, and the blocks below it."""

    entries: tuple[Entry, ...]
    below: tuple[int, ...]


def node(data: bytes, at: int) -> Node:
    """The node whose header lies at a place of an index root or of an index block."""
    if at + 16 > len(data):
        raise BadRecord("an index is cut off")
    first, used = struct.unpack_from("<II", data, at)
    if at + used > len(data) or first < 16:
        raise BadRecord("an index is longer than its block")
    found = list(_entries(data, at + first, at + used))
    return Node(tuple(entry for entry, unused_block in found if entry), tuple(block for unused_entry, block in found if block is not None))


def _entries(data: bytes, at: int, end: int) -> Iterator[tuple[Entry | None, int | None]]:
    while at + 16 <= end:
        reference, length, key, flags = struct.unpack_from("<QHHI", data, at)
        if length < 16 or at + length > end or 16 + key > length:
            raise BadRecord("an entry of an index is cut off")
        block = struct.unpack_from("<Q", data, at + length - 8)[0] if flags & _BELOW and length >= 24 else None
        if flags & _LAST:
            yield None, block
            return
        yield _entry(reference, data[at + 16 : at + 16 + key]), block
        at += length
    raise BadRecord("an index has no end")


def _entry(reference: int, key: bytes) -> Entry | None:
    """The entry of a name, unless it is but the short form of another one."""
    if len(key) < 66 or 66 + 2 * key[64] > len(key):
        raise BadRecord("a name is cut off")
    if key[65] == _DOS_NAME:
        return None
    (modified,) = struct.unpack_from("<Q", key, 16)
    size, flags = struct.unpack_from("<QI", key, 48)
    return Entry(
        utf16(key[66 : 66 + 2 * key[64]]),
        reference & (1 << 48) - 1,
        reference >> 48,
        bool(flags & _DIRECTORY),
        bool(flags & _REPARSE),
        size,
        modified,
    )
