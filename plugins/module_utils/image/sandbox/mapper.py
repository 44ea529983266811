# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Devices of the device-mapper: a logical volume in several pieces, which are loop devices one behind the other, and a decrypted disk.

The kernel is asked itself (linux/dm-ioctl.h), as for loop devices: a program such as dmsetup would wait for udev, which is asked to leave
the device alone. Nobody has to remove it: that is asked for as soon as it is there, and happens when nobody has it open or mounted.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import loops
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Partition

    # A stretch of a device in sectors, the driver that makes it, and what that wants to know.
    Target = tuple[int, int, str, str]

CONTROL = "/dev/mapper/control"
_LIST, _CREATE, _REMOVE, _RESUME, _LOAD = 2, 3, 4, 6, 9
_READ_ONLY, _BUFFER_FULL, _SECURE_DATA, _DEFERRED = 1 << 0, 1 << 8, 1 << 15, 1 << 17
# version, data_size, data_start, target_count, open_count, flags, event_nr, padding, dev, name, uuid
_HEAD = struct.Struct("3I2IIiIIIQ128s129s7x")
_TARGET = struct.Struct("QQiI16s")
# Rules of udev that must not look at it: those of the device-mapper, of other subsystems and disks, and all others (libdevmapper.h).
_NO_RULES = (0x1 | 0x2 | 0x4 | 0x8) << 16
_SECTOR = 512


def available() -> bool:
    """Has the kernel a device-mapper? Its device may be there without one (LVM's programs make it)."""
    try:
        os.close(os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def attached(partition: Partition, writable: bool = False) -> tuple[int, str]:
    """A descriptor of a device for a volume with pieces, and its path; it goes away when nobody has it open or mounted any more."""
    with contextlib.ExitStack() as held:
        table: list[Target] = []
        start = 0
        for disk, offset, size in partition["pieces"]:
            loop, unused_path = loops.attached({"disk": disk, "offset": offset, "size": size}, writable)
            held.callback(os.close, loop)
            table.append((start, size // _SECTOR, "linear", f"{number_of(loop)} 0"))
            start += size // _SECTOR
        return device(os.path.dirname(partition["disk"]), table, writable)


def device(directory: str, table: list[Target], writable: bool) -> tuple[int, str]:
    """The same for a table, by which a session in a directory makes a device of others, which it keeps in use."""
    name = f"{prefix_of(directory)}{os.urandom(8).hex()}"
    control = os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        number = _call(control, _CREATE, name)[0]
        try:
            flags = _SECURE_DATA | (0 if writable else _READ_ONLY)
            _call(control, _LOAD, name, flags, _targets(table), len(table))
            _call(control, _RESUME, name, flags)
            path = f"/dev/dm-{os.minor(number)}"
            return os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC), path
        finally:
            _remove(control, name)
    finally:
        os.close(control)


def number_of(handle: int) -> str:
    """An open device as tables name it."""
    number = os.fstat(handle).st_rdev
    return f"{os.major(number)}:{os.minor(number)}"


def prefix_of(directory: str) -> str:
    """How the names of all devices begin that belong to a session in a directory, and no others on the build host."""
    found = os.stat(directory)
    return f"hygeia-{found.st_dev:x}-{found.st_ino:x}-"


def remove_all(prefix: str) -> None:
    """Remove every device whose name begins so, or have it removed when nobody uses it any more."""
    if not available():
        return
    control = os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        for name in _names(control):
            if name.startswith(prefix):
                _remove(control, name)
    finally:
        os.close(control)


def _remove(control: int, name: str) -> None:
    try:
        _call(control, _REMOVE, name, _DEFERRED)
    except OSError as problem:
        if problem.errno != errno.ENXIO:  # gone already
            raise


def _targets(table: list[Target]) -> bytes:
    """struct dm_target_spec of each stretch, with what its driver wants to know behind it."""
    found = bytearray()
    for start, length, driver, arguments in table:
        words = arguments.encode() + b"\0"
        words += bytes(-len(words) % 8)
        found += _TARGET.pack(start, length, 0, _TARGET.size + len(words), driver.encode()) + words
    return bytes(found)


def _names(control: int) -> list[str]:
    """The names of all devices of the device-mapper (struct dm_name_list)."""
    size = 1 << 16
    while True:
        flags, data = _call(control, _LIST, "", 0, bytes(size))[1:]
        if not flags & _BUFFER_FULL:
            break
        size *= 2
    names: list[str] = []
    at = 0
    while True:
        number, step = struct.unpack_from("QI", data, at)
        if not number:
            return names
        names.append(data[at + 12 : data.index(b"\0", at + 12)].decode("ascii", "replace"))
        if not step:
            return names
        at += step


def _call(control: int, command: int, name: str, flags: int = 0, data: bytes = b"", targets: int = 0) -> tuple[int, int, bytes]:
    """One call; returns the device's number, the flags, and the data that came back."""
    head = _HEAD.pack(4, 0, 0, _HEAD.size + len(data), _HEAD.size, targets, 0, flags, _NO_RULES, 0, 0, name.encode(), b"")
    buffer = bytearray(head + data)
    fcntl.ioctl(control, 0xC138FD00 | command, buffer)
    fields = _HEAD.unpack_from(buffer)
    number = fields[10]
    return os.makedev((number >> 8) & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00)), fields[7], bytes(buffer[fields[4] :])
