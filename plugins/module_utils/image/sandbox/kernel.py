# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""System calls that Python has no function for, by ctypes; each failure is an ``OSError``."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import sys

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWTIME = 0x10000000, 0x20000000, 0x40000000, 0x80

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE = 4096, 16384, 1 << 18, 1 << 19
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER = 36

FITRIM = 0xC0185879

# Numbers that are the same on every architecture since Linux 5.2.
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_PIDFD_OPEN, _OPENAT2, _PIDFD_GETFD = 434, 437, 438
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_OPEN_TREE_CLONE, _MOVE_MOUNT_F_EMPTY_PATH, _AT_EMPTY_PATH, _AT_RECURSIVE, _AT_FDCWD = 1, 4, 0x1000, 0x8000, -100
_MOUNT_ATTR_NODEV, _MOUNT_ATTR_IDMAP = 4, 0x100000
_RESOLVE_NO_MAGICLINKS = 2
_SET_MODE_FILTER, _NEW_LISTENER, _WAIT_KILLABLE = 1, 8, 32
# The third number is the one that every kernel knows; it has the wrong direction.
_NOTIFICATION_RECEIVE, _NOTIFICATION_SEND, _NOTIFICATION_VALID = 0xC0502100, 0xC0182101, 0x80082102
_JOIN_SESSION_KEYRING = 1
_CAPABILITY_VERSION_3 = 0x20080522
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_AF_INET, _SOCK_DGRAM = 2, 2

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _syscall(what: str, number: int, *arguments: Any) -> int:
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), what)


# -- mounts -----------------------------------------------------------------


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    result = _libc.mount(
        os.fsencode(source or "none"), os.fsencode(target), kind.encode() if kind else None, ctypes.c_ulong(flags), data.encode()
    )
    _checked(result, f"mounting {target}")


def umount(target: str, flags: int = 0) -> None:
    """umount2(2)."""
    _checked(_libc.umount2(os.fsencode(target), flags), f"unmounting {target}")


def read_only(path: str) -> None:
    """Make what lies at a path unchangeable by way of it."""
    if os.path.exists(path):
        mount(path, path, None, MS_BIND)
        mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


class _MountAttributes(ctypes.Structure):
    _fields_ = [("set", ctypes.c_uint64), ("clear", ctypes.c_uint64), ("propagation", ctypes.c_uint64), ("userns", ctypes.c_uint64)]


def copy_mounts(place: str) -> int:
    """A descriptor of a copy of the mounts at a place and below it (open_tree(2)), which are nowhere yet."""
    return _syscall(
        f"copying the mounts of {place}", _OPEN_TREE, _AT_FDCWD, os.fsencode(place), _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    )


def idmap(tree: int, userns: int | None) -> None:
    """Show owners as a user namespace maps them; on the disk they stay what they are."""
    _set_attributes("mapping the owners of a filesystem", tree, _MountAttributes(_MOUNT_ATTR_IDMAP, 0, 0, userns))


def without_devices(tree: int) -> None:
    """Have no device node work that lies in these mounts."""
    _set_attributes("shutting the devices of a filesystem off", tree, _MountAttributes(_MOUNT_ATTR_NODEV, 0, 0, 0))


def _set_attributes(what: str, tree: int, attributes: _MountAttributes) -> None:
    """mount_setattr(2) for such a copy, whole."""
    _syscall(what, _MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH | _AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes))


def place_mounts(tree: int, place: str) -> None:
    """Put such a copy somewhere (move_mount(2))."""
    _syscall(f"mounting {place}", _MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(place), _MOVE_MOUNT_F_EMPTY_PATH)


def pivot_root(place: str) -> None:
    """Make a mount point the root of everything, and forget the root of before."""
    import_nothing_more()
    os.chdir(place)
    _checked(_libc.pivot_root(b".", b"."), "pivot_root")
    umount(".", MNT_DETACH)
    os.chdir("/")


def import_nothing_more() -> None:
    """From here on an import would run the template's code, so that there is none."""
    sys.meta_path.clear()


def sync_filesystem(handle: int) -> None:
    """syncfs(2): reports every write that failed since the descriptor was opened."""
    _checked(_libc.syncfs(handle), "writing what is not written yet")


def trim(handle: int) -> None:
    """Hand back to the disk what a filesystem does not use (ioctl_fitrim)."""
    fcntl.ioctl(handle, FITRIM, struct.pack("QQQ", 0, 2**64 - 1, 0))


# -- namespaces -------------------------------------------------------------


def unshare(flags: int) -> None:
    """unshare(2)."""
    _checked(_libc.unshare(flags), "making namespaces")


def setns(handle: int, kind: int) -> None:
    """setns(2)."""
    _checked(_libc.setns(handle, kind), "entering a namespace")


def loopback_up() -> None:
    """Let this network namespace talk to itself."""
    handle = _checked(_libc.socket(_AF_INET, _SOCK_DGRAM | os.O_CLOEXEC, 0), "making a socket")
    try:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(handle, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))
    finally:
        os.close(handle)


# -- processes --------------------------------------------------------------


def prctl(option: int, argument: int, second: int = 0) -> None:
    """prctl(2)."""
    _checked(_libc.prctl(option, ctypes.c_ulong(argument), ctypes.c_ulong(second), ctypes.c_ulong(0), ctypes.c_ulong(0)), f"prctl {option}")


def set_capabilities(allowed: int) -> None:
    """Have these capabilities (a mask of bits) and no others (capset(2)), from here on and after every execve(2)."""
    for number in range(64):
        if not allowed >> number & 1 and _libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0) < 0:
            break  # the kernel knows no capability of this number
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    low, high = allowed & 0xFFFFFFFF, allowed >> 32
    _checked(_libc.capset(header, struct.pack("6I", low, low, 0, high, high, 0)), "capset")


def set_filesystem_owner(user: int, group: int | None = None) -> None:
    """Create files as this user and group (setfsuid(2)), with no capability over those of others."""
    _libc.setfsgid(user if group is None else group)
    _libc.setfsuid(user)


def descriptor_of(pid: int, number: int) -> int:
    """A copy of another process's descriptor (pidfd_getfd(2))."""
    process = _syscall("opening a process", _PIDFD_OPEN, pid, 0)
    try:
        return _syscall("taking a descriptor", _PIDFD_GETFD, process, number, 0)
    finally:
        os.close(process)


def open_directory(path: bytes) -> int:
    """A descriptor of a directory to make something in; its path may go by symbolic links but not by descriptors (openat2(2))."""
    how = struct.pack("=QQQ", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, 0, _RESOLVE_NO_MAGICLINKS)
    return _syscall("opening a directory", _OPENAT2, _AT_FDCWD, path, how, len(how))


def join_new_keyring() -> None:
    """Leave the keyrings of whoever started this (keyctl(2))."""
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        _syscall("making a keyring", number, _JOIN_SESSION_KEYRING, None)


def install_filter(program: bytes) -> int:
    """Let the kernel judge each system call by a program of struct sock_filter (seccomp(2)).

    Returns the descriptor by which somebody else hears of the calls that the program neither allows nor refuses.
    """
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    number = _SECCOMP[os.uname().machine]
    try:
        # A signal that is no death does not end a call that somebody is about to answer.
        return _syscall("installing the filter of system calls", number, _SET_MODE_FILTER, _NEW_LISTENER | _WAIT_KILLABLE, header)
    except OSError:  # before Linux 5.19
        return _syscall("installing the filter of system calls", number, _SET_MODE_FILTER, _NEW_LISTENER, header)


class Notification:
    """A system call that waits for an answer (seccomp_unotify(2))."""

    _FORM, _ANSWER = "=QIIiIQ6Q", "=QqiI"

    def __init__(self, listener: int) -> None:
        content = bytearray(struct.calcsize(self._FORM))
        fcntl.ioctl(listener, _NOTIFICATION_RECEIVE, content)
        self._listener = listener
        self._id, self.pid, unused_flags, *data = struct.unpack(self._FORM, content)
        self.number, self.arguments = data[0], data[3:]

    def require_waiting(self) -> None:
        """Fail when the caller does not wait any more: then its number may be another process's."""
        fcntl.ioctl(self._listener, _NOTIFICATION_VALID, struct.pack("=Q", self._id))

    def answer(self, number: int) -> None:
        """Have the call succeed with 0, or fail with this error."""
        fcntl.ioctl(self._listener, _NOTIFICATION_SEND, struct.pack(self._ANSWER, self._id, 0, -number, 0))


def answer_names_from_files() -> None:
    """Never load a library for users and groups that nsswitch.conf(5) of the template names."""
    for database in (b"passwd", b"group", b"shadow", b"hosts", b"services", b"initgroups"):
        _libc.__nss_configure_lookup(database, b"files")
