# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VHD, the disks of Virtual PC, older Hyper-V and Azure.

A fixed one is a raw disk with a footer. Nothing at its beginning tells of it, so that qemu takes it for a raw disk
that ends in a footer; it is opened as the stretch before the footer.
"""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window

COOKIE = b"conectix"
FIXED, DYNAMIC, DIFFERENCING = 2, 3, 4
_FOOTER = ">8sIIQI4sI4sQQHBBII16sB"
_HEADER = ">8sQQIIII16sII512s"
# Virtual PC before 2004 wrote a footer that is one byte shorter.
_LENGTHS = (SECTOR, SECTOR - 1)
_MERGE = "merge it into its parent with 'Merge-VHD', or copy it into a disk of its own, first"
_ABSENT = 0xFFFFFFFF


def footer_length(disk: Window) -> int:
    """How long the footer of a fixed disk is that the file ends in; 0 without one."""
    for length in _LENGTHS:
        if disk.size >= length and disk.read(disk.size - length, len(COOKIE)) == COOKIE:
            return length
    return 0


def inspect_fixed(disk: Window) -> Window:
    """The disk before the footer, which must tell of just that."""
    length = footer_length(disk)
    kind, size = _footer(disk, disk.read(disk.size - length, length))
    if kind == DIFFERENCING:
        raise disk.refused("is the difference to another disk", _MERGE)
    if kind != FIXED:
        raise disk.damaged("its beginning is missing, which its footer tells of")
    if size != disk.size - length or size % SECTOR or not size:
        raise disk.damaged(f"its footer tells of a disk of {size} bytes, and {disk.size - length} are there")
    return disk.part(0, size)


def inspect_dynamic(disk: Window) -> None:
    """Refuse a header that cannot be true, and blocks that are not there."""
    start = disk.read(0, SECTOR)
    kind, size = _footer(disk, start)
    if kind == DIFFERENCING:
        raise disk.refused("is the difference to another disk", _MERGE)
    if kind != DYNAMIC:
        raise disk.damaged(f"its header tells of a disk of the type {kind}")
    at = int.from_bytes(start[16:24], "big")
    header = disk.read(at, 1024)
    cookie, unused_next, table, unused_version, entries, block, checksum, *unused_parent = disk.fields(_HEADER, at)
    if cookie != b"cxsparse" or checksum != _checksum(header, 36):
        raise disk.damaged("the checksum of its second header is wrong")
    if block < SECTOR or block & (block - 1) or block > 1 << 28 or not 0 < size <= entries * block:
        raise disk.damaged(f"its header tells of {entries} blocks of {block} bytes for a disk of {size}")
    bitmap = -(-(block // SECTOR) // 8 // SECTOR) * SECTOR
    used = [entry for entry in disk.table(">I", table, entries) if entry != _ABSENT]
    if used and max(used) * SECTOR + bitmap + block > disk.size:
        raise disk.damaged("it ends before the last of its blocks")


def _footer(disk: Window, footer: bytes) -> tuple[int, int]:
    """The type and the size of the disk that a footer tells of."""
    padded = footer.ljust(SECTOR, b"\0")
    checksum = int.from_bytes(padded[64:68], "big")
    if padded[:8] != COOKIE or checksum != _checksum(padded, 64):
        raise disk.damaged("the checksum of its footer is wrong")
    return int.from_bytes(padded[60:64], "big"), int.from_bytes(padded[48:56], "big")


def _checksum(header: bytes, at: int) -> int:
    """The complement of the sum of all bytes but the checksum's own."""
    return ~(sum(header) - sum(header[at : at + 4])) & 0xFFFFFFFF
