# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VHDX, the disks of Hyper-V. A log that is not played back yet is left to qemu, which refuses it where it only reads."""

from __future__ import annotations

import uuid

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window

MAGIC = b"vhdxfile"
_KIB, _MIB = 1 << 10, 1 << 20
_HEADERS, _REGIONS = (64 * _KIB, 128 * _KIB), (192 * _KIB, 256 * _KIB)
_HEADER_SIZE, _REGION_SIZE, _METADATA_SIZE = 4 * _KIB, 64 * _KIB, 64 * _KIB
_METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
_BLOCKS = uuid.UUID("2dc27766-f623-4200-9d64-115e9bfd4a08").bytes_le
_PARAMETERS = uuid.UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
_DISK_SIZE = uuid.UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
_SECTOR_SIZE = uuid.UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f").bytes_le
_PARENT = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c").bytes_le
_HAS_PARENT = 2
_LARGEST = 64 << 40
_MERGE = "merge it into its parent with 'Merge-VHD', or copy it into a disk of its own, first"


def inspect(disk: Window) -> None:
    """Refuse a header that cannot be true, and a disk that builds on another."""
    headers = [header for header in (disk.read(at, _HEADER_SIZE) for at in _HEADERS) if _is_sound(header, b"head")]
    if not headers:
        raise disk.damaged("the checksums of both of its headers are wrong")
    if int.from_bytes(headers[0][66:68], "little") != 1:
        raise disk.damaged("its header is of an unknown version")
    regions = _regions(disk)
    if _METADATA not in regions or _BLOCKS not in regions:
        raise disk.damaged("the tables that tell of its blocks are missing")
    items = _metadata(disk.part(*regions[_METADATA]))
    if _PARAMETERS not in items:
        raise disk.damaged("what tells of its blocks is missing")
    if _PARENT in items or items[_PARAMETERS][4] & _HAS_PARENT:
        raise disk.refused("is the difference to another disk", _MERGE)
    block = int.from_bytes(items[_PARAMETERS][:4], "little")
    size = int.from_bytes(items.get(_DISK_SIZE, b""), "little")
    sector = int.from_bytes(items.get(_SECTOR_SIZE, b""), "little")
    if not _MIB <= block <= 256 * _MIB or block & (block - 1) or not 0 < size <= _LARGEST or sector not in (512, 4096) or size % sector:
        raise disk.damaged(f"its header tells of blocks of {block} bytes for a disk of {size}, in sectors of {sector}")
    _require_blocks(disk, regions[_BLOCKS], -(-size // block), (1 << 23) * sector // block, block)


def _regions(disk: Window) -> dict[bytes, tuple[int, int]]:
    """Where the tables lie, by what they are; the first of the two lists that is sound counts."""
    for at in _REGIONS:
        table = disk.read(at, _REGION_SIZE)
        count = int.from_bytes(table[8:12], "little")
        if _is_sound(table, b"regi") and count <= 2047:
            break
    else:
        raise disk.damaged("the checksums of both of its lists of tables are wrong")
    found: dict[bytes, tuple[int, int]] = {}
    for entry in (table[start : start + 32] for start in range(16, 16 + 32 * count, 32)):
        offset, length = int.from_bytes(entry[16:24], "little"), int.from_bytes(entry[24:28], "little")
        if offset < _MIB or offset + length > disk.size or entry[:16] in found:
            raise disk.damaged("it ends before one of the tables that tell of its blocks, or has one twice")
        if int.from_bytes(entry[28:32], "little") & 1 and entry[:16] not in (_METADATA, _BLOCKS):
            raise disk.refused("needs something of Hyper-V that is not known", "convert it with 'Convert-VHD' first")
        found[entry[:16]] = (offset, length)
    return found


def _metadata(region: Window) -> dict[bytes, bytes]:
    """The first bytes of each item."""
    table = region.read(0, min(_METADATA_SIZE, region.size)).ljust(_METADATA_SIZE, b"\0")
    count = int.from_bytes(table[10:12], "little")
    if table[:8] != b"metadata" or count > 2047:
        raise region.damaged("what tells of its blocks is no such table")
    items: dict[bytes, bytes] = {}
    for entry in (table[start : start + 32] for start in range(32, 32 + 32 * count, 32)):
        offset, length = int.from_bytes(entry[16:20], "little"), int.from_bytes(entry[20:24], "little")
        if entry[:16] in items:
            raise region.damaged("what tells of its blocks is there twice")
        items[entry[:16]] = region.read(offset, min(length, 8)).ljust(8, b"\0") if length else bytes(8)
    return items


def _require_blocks(disk: Window, region: tuple[int, int], blocks: int, ratio: int, size: int) -> None:
    """Each block that is there lies within the file. After each ``ratio`` of them stands one entry of another kind."""
    entries = blocks + (blocks - 1) // ratio
    if entries * 8 > region[1]:
        raise disk.damaged("its table of blocks is too short for its disk")
    table = disk.table("<Q", region[0], entries)
    for number, entry in enumerate(table):
        present = entry & 7 in (6, 7) and (number + 1) % (ratio + 1)
        if present and (entry >> 20) * _MIB + size > disk.size:
            raise disk.damaged("it ends before the last of its blocks")


def _is_sound(table: bytes, signature: bytes) -> bool:
    expected = int.from_bytes(table[4:8], "little")
    return table.startswith(signature) and crc32c(table[:4] + bytes(4) + table[8:]) == expected


def crc32c(data: bytes) -> int:
    """The checksum by Castagnoli, as VHDX has it."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ _CRC[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def _entry(value: int) -> int:
    for unused_bit in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


_CRC = tuple(map(_entry, range(256)))
