# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Loop devices on parts of a disk: to mount them by, and for a boot loader's tools to read, whatever the mode of a device says.

mount(8) and losetup(8) ask every loop device of the build host for its file when they make one; where the storage behind any
of them hangs, whosever it is, so would they.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Partition

_CONTROL = "/dev/loop-control"
_GET_FREE, _CONFIGURE = 0x4C82, 0x4C0A
_READ_ONLY, _AUTOCLEAR = 1, 4


def attached(partition: Partition, writable: bool = False) -> tuple[int, str]:
    """A descriptor of such a device for one partition, and its path; it goes away when nobody has it open or mounted any more."""
    access = (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC
    backing = os.open(partition["disk"], access)
    try:
        while True:
            path = _free()
            device = os.open(path, access)
            try:
                fcntl.ioctl(device, _CONFIGURE, _config(backing, partition, 0 if writable else _READ_ONLY))
                return device, path
            except OSError as problem:
                os.close(device)
                if problem.errno != errno.EBUSY:  # somebody else was quicker
                    raise
    finally:
        os.close(backing)


def _free() -> str:
    control = os.open(_CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        return f"/dev/loop{fcntl.ioctl(control, _GET_FREE)}"
    finally:
        os.close(control)


def _config(backing: int, partition: Partition, flags: int) -> bytearray:
    """struct loop_config of linux/loop.h."""
    information = struct.pack(
        "5Q4I64s64s32s2Q", 0, 0, 0, partition["offset"], partition["size"], 0, 0, 0, flags | _AUTOCLEAR, b"", b"", b"", 0, 0
    )
    return bytearray(struct.pack("II", backing, 512) + information + bytes(64))
