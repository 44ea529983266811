# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is free on a mounted ext2, ext3, ext4 or XFS filesystem, as the kernel itself tells (ioctl_getfsmap(2)).

The answer is exact: what is reserved for root is in it, and nothing needs to be filled to find it.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range

GETFSMAP = 0xC0C0583B
HEAD, RECORD = struct.Struct("<4I6Q"), struct.Struct("<2I4Q24x")
EVERYTHING = RECORD.pack(2**32 - 1, 2**32 - 1, 2**64 - 1, 2**64 - 1, 2**64 - 1, 0)
SPECIAL_OWNER, LAST = 0x10, 0x20
FREE = 1
AT_ONCE = 4096


def free(handle: int) -> Iterator[Range]:
    """The free stretches of the filesystem that an open directory lies on; it must be mounted read-only, so that they stay so."""
    device, low = os.fstat(handle).st_dev, bytes(RECORD.size)
    while True:
        request = HEAD.pack(0, 0, AT_ONCE, 0, 0, 0, 0, 0, 0, 0) + low + EVERYTHING
        answer = bytearray(request) + bytearray(AT_ONCE * RECORD.size)
        fcntl.ioctl(handle, GETFSMAP, answer)
        entries = HEAD.unpack_from(answer)[3]
        place, flags = len(request), LAST
        for number in range(entries):
            place = len(request) + number * RECORD.size
            on, flags, physical, owner, unused_offset, length = RECORD.unpack_from(answer, place)
            if on == device and flags & SPECIAL_OWNER and owner == FREE:
                yield physical, physical + length
        if flags & LAST:
            return
        low = bytes(answer[place : place + RECORD.size])
