# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is free on a mounted btrfs: everything of its disk that no extent lies on, unallocated space and old trees included.

The extents are asked from the kernel (BTRFS_IOC_TREE_SEARCH_V2) in the filesystem's own addresses, which the chunks
translate into places of the disk. Only what one disk holds alone is understood: profiles single and DUP.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range, without

TREE_SEARCH = 0xC0709411
KEY, ITEM = struct.Struct("<7Q4I4Q"), struct.Struct("<3Q2I")
CHUNK, STRIPE = struct.Struct("<4Q3I2H"), struct.Struct("<2Q16x")
ROOM = 1 << 20
EXTENT_TREE, CHUNK_TREE = 2, 3
EXTENT_ITEM, METADATA_ITEM, CHUNK_ITEM = 168, 169, 228
PROFILES, DUP = 0x7F8, 0x20
# Mixed groups, compression, large and skinny metadata, no holes, metadata_uuid, simple quotas: none moves an extent.
UNDERSTOOD = 0x1077F
SUPERBLOCK, MAGIC = 0x10000, b"_BHRfS_M"
# The first MiB is never allocated, and boot loaders use it; copies of the superblock lie at fixed places.
RESERVED = [(0, 1 << 20), (1 << 26, (1 << 26) + (1 << 16)), (1 << 38, (1 << 38) + (1 << 16))]


class NotUnderstood(ValueError):
    """A filesystem of which more lies elsewhere than is known here."""


class Btrfs:
    """One filesystem: an open directory of it, and its superblock."""

    def __init__(self, handle: int, superblock: bytes) -> None:
        self.handle = handle
        if superblock[0x40:0x48] != MAGIC:
            raise NotUnderstood("its superblock cannot be read")
        log, self.size = struct.unpack_from("<Q8xQ", superblock, 0x60)
        disks, unused_sector, self.node = struct.unpack_from("<Q2I", superblock, 0x88)
        features = struct.unpack_from("<Q", superblock, 0xBC)[0]
        if disks != 1 or log or features & ~UNDERSTOOD:
            raise NotUnderstood("it lies on several disks, or has features that are not known here")
        self.chunks = list(self._chunks())

    def free(self) -> Iterator[Range]:
        """The stretches of the disk without an extent."""
        used = [place for start, end in self._extents() for place in self.places(start, end)]
        return without((0, self.size), used + RESERVED)

    def places(self, start: int, end: int) -> Iterator[Range]:
        """Where on the disk a stretch of the filesystem's own addresses lies, once for each copy."""
        for first, last, copies in self.chunks:
            low, high = max(start, first), min(end, last)
            if low < high:
                for copy in copies:
                    yield copy + low - first, copy + high - first

    def _extents(self) -> Iterator[Range]:
        for kind, start, length, unused_data in self._search(EXTENT_TREE, EXTENT_ITEM, METADATA_ITEM):
            yield start, start + (self.node if kind == METADATA_ITEM else length)

    def _chunks(self) -> Iterator[tuple[int, int, list[int]]]:
        for unused_kind, unused_id, start, data in self._search(CHUNK_TREE, CHUNK_ITEM, CHUNK_ITEM):
            length, unused_owner, unused_stripe, profile, *unused_sizes, stripes, unused_sub = CHUNK.unpack_from(data)
            if profile & PROFILES & ~DUP:
                raise NotUnderstood("it is a RAID")
            copies = [STRIPE.unpack_from(data, CHUNK.size + number * STRIPE.size)[1] for number in range(stripes)]
            yield start, start + length, copies

    def _search(self, tree: int, first: int, last: int) -> Iterator[tuple[int, int, int, bytes]]:
        """All items of a tree of the types between two, as (type, object, offset, data)."""
        low = (0, first, 0)
        while True:
            key = KEY.pack(tree, low[0], 2**64 - 1, low[2], 2**64 - 1, 0, 2**64 - 1, low[1], 255, 2**32 - 1, 0, 0, 0, 0, 0)
            answer = bytearray(key + struct.pack("<Q", ROOM)) + bytearray(ROOM)
            fcntl.ioctl(self.handle, TREE_SEARCH, answer)
            found, place = KEY.unpack_from(answer)[9], len(key) + 8
            if not found:
                return
            for unused_number in range(found):
                unused_generation, number, offset, kind, length = ITEM.unpack_from(answer, place)
                data = bytes(answer[place + ITEM.size : place + ITEM.size + length])
                place += ITEM.size + length
                if first <= kind <= last:
                    yield kind, number, offset, data
            low = (number, kind, offset + 1) if offset < 2**64 - 1 else (number + 1, 0, 0)


def superblock(disk: int, offset: int) -> bytes:
    return os.pread(disk, 4096, offset + SUPERBLOCK)
