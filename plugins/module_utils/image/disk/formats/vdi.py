# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VDI, the disks of VirtualBox."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window

SIGNATURE, SIGNATURE_AT = (0xBEDA107F).to_bytes(4, "little"), 64
_HEADER = "<64s4sIIII256sIIIIIIIQIIII16s16s16s16s"
_DYNAMIC, _STATIC = 1, 2
_NOBODY = bytes(16)
_BLOCK = 1 << 20
# What is not there, and what is all zeros.
_ABSENT = (0xFFFFFFFF, 0xFFFFFFFE)


def inspect(disk: Window) -> None:
    """Refuse a header that cannot be true, and a disk that builds on another."""
    fields = disk.fields(_HEADER, 0)
    version, kind = fields[2], fields[4]
    table, data, sector, size, block, blocks, allocated = (fields[number] for number in (7, 8, 12, 14, 15, 17, 18))
    link, parent = fields[21:23]
    if version != 0x00010001:
        raise disk.damaged(f"its header is of the unknown version {version >> 16}.{version & 0xFFFF}")
    if kind not in (_DYNAMIC, _STATIC) or link != _NOBODY or parent != _NOBODY:
        raise disk.refused("is the difference to another disk", "clone it into a disk of its own with 'VBoxManage clonemedium' first")
    if sector != SECTOR or block != _BLOCK or table % SECTOR or data % SECTOR or not 0 < size <= blocks * block:
        raise disk.damaged(f"its header tells of {blocks} blocks of {block} bytes for a disk of {size}")
    used = [entry for entry in disk.table("<I", table, blocks) if entry not in _ABSENT]
    if used and (max(used) >= allocated or data + (max(used) + 1) * block > disk.size):
        raise disk.damaged("it ends before the last of its blocks")
