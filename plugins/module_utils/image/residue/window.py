# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stretch of a disk image that is open as a raw file, such as a partition, read and overwritten by its own addresses."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range, union, within

KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE = 1, 2, 16
# BLKDISCARD of linux/fs.h.
DISCARD = 0x1277
# What the overlay can hand back. The storage daemon drops what is asked for less than that.
CLUSTER = 1 << 16

libc = ctypes.CDLL(None, use_errno=True)


class Window:
    """``size`` bytes from ``offset`` on of the open file ``handle``."""

    def __init__(self, handle: int, offset: int, size: int) -> None:
        self.handle, self.offset, self.size = handle, offset, size
        # Zeros that are written to what is encrypted take as much room as anything else.
        self.decrypted = stat.S_ISBLK(os.fstat(handle).st_mode)

    def read(self, start: int, length: int) -> bytes:
        ((start, end),) = within([(start, start + length)], self.size)
        data = bytearray(length)
        place, end = self.offset + start, self.offset + end
        for first, last in stored(self.handle, place, end):
            block = os.pread(self.handle, last - first, first)
            data[first - place : first - place + len(block)] = block
        return bytes(data)

    def write(self, start: int, data: bytes) -> None:
        within([(start, start + len(data))], self.size)
        while data:
            count = os.pwrite(self.handle, data, self.offset + start)
            start, data = start + count, data[count:]

    def zero(self, ranges: Iterable[Range]) -> int:
        """Make the stretches read as zeros and take no room; returns how many bytes they are."""
        count = 0
        for start, end in within(union(ranges), self.size):
            self._zero(self.offset + start, self.offset + end)
            count += end - start
        return count

    def free(self, ranges: Iterable[Range]) -> int:
        """The same where nobody minds what is read: of an encrypted disk that is what zeros are when they are decrypted."""
        if not self.decrypted:
            return self.zero(ranges)
        count = 0
        for start, end in within(union(ranges), self.size):
            first, last = -(-(self.offset + start) // CLUSTER) * CLUSTER, (self.offset + end) // CLUSTER * CLUSTER
            if first < last:
                fcntl.ioctl(self.handle, DISCARD, struct.pack("QQ", first, last - first))
                self.zero([(start, first - self.offset), (last - self.offset, end)])
            else:
                self.zero([(start, end)])
            count += end - start
        return count

    def _zero(self, start: int, end: int) -> None:
        """Whole clusters become holes. A hole at their edges would change nothing, so zeros are written there."""
        first, last = -(-start // CLUSTER) * CLUSTER, end // CLUSTER * CLUSTER
        if first >= last:
            self._write_zeros(start, end)
            return
        self._write_zeros(start, first)
        if not self._allocate(PUNCH_HOLE | KEEP_SIZE, first, last):
            self._write_zeros(first, last)
        self._write_zeros(last, end)

    def _write_zeros(self, start: int, end: int) -> None:
        if start == end or self._allocate(ZERO_RANGE | KEEP_SIZE, start, end):
            return
        while start < end:
            start += os.pwrite(self.handle, bytes(min(end - start, 1 << 20)), start)

    def _allocate(self, mode: int, start: int, end: int) -> bool:
        """fallocate(2), which Python has without its modes only; false where it is not known."""
        if libc.fallocate(self.handle, mode, ctypes.c_int64(start), ctypes.c_int64(end - start)) == 0:
            return True
        number = ctypes.get_errno()
        if number in (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            return False
        raise OSError(number, os.strerror(number))


class Pieces(Window):
    """Several windows, one behind the other, as one."""

    def __init__(self, windows: Sequence[Window]) -> None:
        super().__init__(windows[0].handle, windows[0].offset, sum(window.size for window in windows))
        self.windows = windows

    def read(self, start: int, length: int) -> bytes:
        within([(start, start + length)], self.size)
        return b"".join(window.read(first, last - first) for window, first, last in self._split(start, start + length))

    def write(self, start: int, data: bytes) -> None:
        within([(start, start + len(data))], self.size)
        for window, first, last in self._split(start, start + len(data)):
            window.write(first, data[: last - first])
            data = data[last - first :]

    def zero(self, ranges: Iterable[Range]) -> int:
        return sum(
            window.zero([(first, last)])
            for start, end in within(union(ranges), self.size)
            for window, first, last in self._split(start, end)
        )

    def free(self, ranges: Iterable[Range]) -> int:
        return sum(
            window.free([(first, last)])
            for start, end in within(union(ranges), self.size)
            for window, first, last in self._split(start, end)
        )

    def _split(self, start: int, end: int) -> Iterator[tuple[Window, int, int]]:
        """The parts of a stretch with the windows that they lie in, by the addresses of these."""
        for window in self.windows:
            first, last = max(start, 0), min(end, window.size)
            if first < last:
                yield window, first, last
            start, end = start - window.size, end - window.size


def stored(handle: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches of a part of a file that are no holes; a hole need not be read."""
    while start < end:
        try:
            start = os.lseek(handle, start, os.SEEK_DATA)
            last = min(os.lseek(handle, start, os.SEEK_HOLE), end)
        except OSError as problem:
            if problem.errno == errno.ENXIO:  # nothing but a hole is left
                return
            last = end
        if start < last:
            yield start, last
        start = last


@contextlib.contextmanager
def opened(path: str) -> Iterator[Window]:
    """The whole of a file as a window, with everything on the disk at the end."""
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield Window(handle, 0, os.fstat(handle).st_size)
        os.fsync(handle)
    finally:
        os.close(handle)
