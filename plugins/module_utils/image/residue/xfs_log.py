# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The log of an XFS filesystem that was unmounted cleanly: former inodes and directories, with the names of what was in them.

Every 512 bytes of the log begin with the number of the round in which they were written, by which the kernel finds the
log's end, and there the record of the unmounting. Both stay; all else is of no use any more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import Window

BASIC, RECORD = 512, 0xFEEDBABE
RECORD_BYTES = struct.pack(">I", RECORD)
# One block of header tells of so much of a record.
COVERED = 32 << 10
UNMOUNT = 0x20
AT_ONCE = 1 << 20


class NotUnderstood(ValueError):
    """A log that is still needed, or lies on another disk."""


def clear(window: Window) -> int:
    """Overwrite it; returns how many bytes of it changed."""
    start, size = _place(window)
    data = window.read(start, size)
    kept = _unmounting(data)
    changed = 0
    for place in range(0, size, AT_ONCE):
        old = data[place : place + AT_ONCE]
        new = old if old == bytes(len(old)) else b"".join(_cleared(old, place, kept))
        if new != old:
            window.write(start + place, new)
            changed += sum(1 for byte in range(0, len(old), BASIC) if new[byte : byte + BASIC] != old[byte : byte + BASIC]) * BASIC
    return changed


def _place(window: Window) -> Range:
    """Where the log lies and how long it is, in bytes."""
    head = window.read(0, BASIC)
    if head[:4] != b"XFSB":
        raise NotUnderstood("its superblock cannot be read")
    (block,) = struct.unpack_from(">I", head, 4)
    (first,) = struct.unpack_from(">Q", head, 48)
    group_size, unused_groups, unused_bitmap, blocks = struct.unpack_from(">4I", head, 84)
    if not first or not 512 <= block <= 65536 or blocks * block > 4 << 30:
        raise NotUnderstood("its log lies on another disk")
    group, inside = first >> head[124], first & ((1 << head[124]) - 1)
    return (group * group_size + inside) * block, blocks * block


def _unmounting(data: bytes) -> range:
    """The bytes of the newest record, which must say that the filesystem was unmounted."""
    newest, place = None, data.find(RECORD_BYTES)
    while place >= 0:
        if place % BASIC == 0:
            newest = max(newest or (0, 0), (struct.unpack_from(">Q", data, place + 16)[0], place))
        place = data.find(RECORD_BYTES, place + 1)
    if newest is None:
        return range(0)
    place = newest[1]
    version, length = struct.unpack_from(">2I", data, place + 8)
    (size,) = struct.unpack_from(">I", data, place + 320)
    header = BASIC * (max(1, -(-size // COVERED)) if version & 2 else 1)
    if len(data) < place + header + length or not data[place + header + 9] & UNMOUNT:
        raise NotUnderstood("its log is still needed")
    return range(place, place + header + -(-length // BASIC) * BASIC)


def _cleared(old: bytes, place: int, kept: range) -> Iterator[bytes]:
    for byte in range(0, len(old), BASIC):
        block = old[byte : byte + BASIC]
        if place + byte in kept:
            yield block
        else:
            round_of = block[4:8] if block[:4] == RECORD_BYTES else block[:4]
            yield round_of + bytes(BASIC - 4)
