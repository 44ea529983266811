# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The partitions of a disk (GPT or MBR), read from its bytes, with what each of them holds."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import sized
from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.reading import Bytes, Part

NTFS, BITLOCKER, REFS, SPACES, DYNAMIC = "NTFS", "BitLocker", "ReFS", "Storage Spaces", "a dynamic disk"
# What the first bytes of a volume show.
_SIGNATURES = {b"NTFS    ": NTFS, b"-FVE-FS-": BITLOCKER, b"ReFS\0\0\0\0": REFS}
# GPT types that no filesystem is in.
_TYPES = {
    "e75caf8f-f680-4cee-afa3-b001e56efc2d": SPACES,
    "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3": DYNAMIC,
    "af9b60a0-1431-4f62-bc68-3311714a69ad": DYNAMIC,
}
_DYNAMIC_MBR, _PROTECTIVE, _EXTENDED = 0x42, 0xEE, (0x05, 0x0F, 0x85)
_MOST = 128
_SECTORS = (512, 4096)


@dataclass(frozen=True)
class Partition:
    """A partition, whose number is 0 where a filesystem fills the disk; ``holds`` is NTFS and the like, or empty."""

    number: int
    part: Part
    holds: str

    @property
    def place(self) -> str:
        return f"partition {self.number}" if self.number else "the disk"

    def __str__(self) -> str:
        return f"{self.place} ({self.holds or 'unknown'}, {sized(self.part.size)})"


def read(disk: Bytes) -> list[Partition]:
    """The partitions of a disk, in the order of its table."""
    if disk.size < 512:
        raise Unreadable(f"{disk.name} is smaller than a disk can be: copy the template anew")
    start = disk.read(0, 512)
    if start[3:11] in _SIGNATURES:
        return [Partition(0, Part(disk, 0, disk.size, disk.name), _SIGNATURES[start[3:11]])]
    if start[510:512] != b"\x55\xaa":
        return []
    kinds = [start[446 + 16 * number + 4] for number in range(4)]
    found = list(_gpt(disk) if _PROTECTIVE in kinds else _mbr(disk, start))
    return [_shown(disk, *each) for each in found]


def _shown(disk: Bytes, number: int, at: int, size: int, sort: str) -> Partition:
    part = Part(disk, at, size, f"partition {number} of {disk.name}")
    holds = sort or (_SIGNATURES.get(part.read(3, 8), "") if size >= 512 else "")
    return Partition(number, part, holds)


def _gpt(disk: Bytes) -> Iterator[tuple[int, int, int, str]]:
    for sector in _SECTORS:
        for place in (sector, disk.size - sector):  # the table at the end serves where the first one is damaged
            if place + 512 <= disk.size and disk.read(place, 8) == b"EFI PART":
                yield from _gpt_entries(disk, place, sector)
                return
    raise Unreadable(f"{disk.name} is damaged, its GUID partition table is none: copy the template anew")


def _gpt_entries(disk: Bytes, place: int, sector: int) -> Iterator[tuple[int, int, int, str]]:
    entries, count, size = struct.unpack("<QII", disk.read(place + 72, 16))
    if not 128 <= size <= 4096 or count > 1024:
        raise Unreadable(f"{disk.name} is damaged, its GUID partition table has {count} entries of {size} bytes: copy the template anew")
    table = disk.read(entries * sector, count * size)
    for number in range(count):
        entry = table[number * size : number * size + 48]
        if any(entry[:16]):
            first, last = struct.unpack_from("<QQ", entry, 32)
            if last < first:
                raise Unreadable(f"{disk.name} is damaged, its partition {number + 1} ends before it begins: copy the template anew")
            yield number + 1, first * sector, (last - first + 1) * sector, _TYPES.get(str(uuid.UUID(bytes_le=entry[:16])), "")


def _mbr(disk: Bytes, start: bytes) -> Iterator[tuple[int, int, int, str]]:
    for number in range(4):
        sort, first, count = _mbr_entry(start, number)
        if sort in _EXTENDED:
            yield from _logical(disk, first)
        elif sort and count:
            yield number + 1, first * 512, count * 512, DYNAMIC if sort == _DYNAMIC_MBR else ""


def _logical(disk: Bytes, extended: int) -> Iterator[tuple[int, int, int, str]]:
    """The chain of logical partitions, each with the place of the next."""
    at = extended
    for number in range(5, _MOST):
        block = disk.read(at * 512, 512)
        if block[510:512] != b"\x55\xaa":
            raise Unreadable(f"{disk.name} is damaged, its logical partitions lead nowhere: copy the template anew")
        sort, first, count = _mbr_entry(block, 0)
        if sort and count:
            yield number, (at + first) * 512, count * 512, ""
        following, further, unused_count = _mbr_entry(block, 1)
        if not following or not further:
            return
        at = extended + further
    raise Unreadable(f"{disk.name} is damaged, its logical partitions have no end: copy the template anew")


def _mbr_entry(block: bytes, number: int) -> tuple[int, int, int]:
    at = 446 + 16 * number
    first, count = struct.unpack_from("<II", block, at + 8)
    return block[at + 4], first, count
