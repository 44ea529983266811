# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What files hold that nobody can read through them: blocks that were given to them and never written, and swap.

Such blocks read as zeros in the file, and on the disk they are what the file before left there.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import time
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range

FIEMAP = 0xC020660B
HEAD, EXTENT = struct.Struct("<2Q4I"), struct.Struct("<3Q16xI12x")
LAST, UNWRITTEN = 1, 0x800
# Unknown, not yet placed, compressed, encrypted, or inside of a block of something else.
ELSEWHERE = 0x2 | 0x4 | 0x8 | 0x80 | 0x100 | 0x200
AT_ONCE = 512
PAGE, SWAP = 4096, b"SWAPSPACE2"


def unread(top: str, limit: float) -> Iterator[Range]:
    """Stretches below a directory, in addresses of its filesystem, as (start, end); a filesystem must be mounted read-only there.

    Past ``limit`` seconds it is a ``TimeoutError``.
    """
    until = time.monotonic() + limit
    for path, found in _files(os.fsencode(top)):
        if time.monotonic() > until:
            raise TimeoutError(f"its files could not be looked through in {limit} s")
        if not found.st_blocks:
            continue
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            swap = _is_swap(handle, found)
            for logical, physical, length, flags in _extents(handle):
                skipped = 0 if flags & UNWRITTEN else max(PAGE - logical, 0)
                if (swap or flags & UNWRITTEN) and not flags & ELSEWHERE and skipped < length:
                    yield physical + skipped, physical + length
        finally:
            os.close(handle)


def _files(top: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
    directories = [top]
    while directories:
        with os.scandir(directories.pop()) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    directories.append(entry.path)
                elif stat.S_ISREG(found.st_mode):
                    yield entry.path, found


def _is_swap(handle: int, found: os.stat_result) -> bool:
    """Only a file that nobody but its owner can read is taken for swap; its first page says what it is."""
    if found.st_mode & 0o077 or found.st_size < 10 * PAGE:
        return False
    return os.pread(handle, len(SWAP), PAGE - len(SWAP)) == SWAP


def _extents(handle: int) -> Iterator[tuple[int, int, int, int]]:
    start = 0
    while True:
        answer = bytearray(HEAD.pack(start, 2**64 - 1 - start, 0, 0, AT_ONCE, 0)) + bytearray(AT_ONCE * EXTENT.size)
        fcntl.ioctl(handle, FIEMAP, answer)
        count = HEAD.unpack_from(answer)[3]
        flags = LAST
        for number in range(count):
            logical, physical, length, flags = EXTENT.unpack_from(answer, HEAD.size + number * EXTENT.size)
            yield logical, physical, length, flags
            start = logical + length
        if flags & LAST:
            return
