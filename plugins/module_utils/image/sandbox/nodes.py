# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Device nodes that packages bring: made by the process that ends a command, since nobody inside is allowed to.

The filter of system calls tells of each mknod(2) of a device (seccomp_unotify(2)), whose caller waits. A process of our own then
goes where the caller is - its root, its directory, its owner, its rights and its umask - and makes the node there as the kernel
would have done in a plain chroot. A node may have any number, as it may on a disk that came from elsewhere: it is made only on
mounts on which no device works. What the caller's memory says is read once; its arguments are copies already.
"""

from __future__ import annotations

import contextlib
import errno
import os

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import confine, kernel, syscalls

_HERE = -100  # AT_FDCWD
_LONGEST = 4096
_MAKE = 27  # CAP_MKNOD


# -- whose filter it is -----------------------------------------------------


class Channel:
    """By it a process that has the filter hands the descriptor over which tells of its calls; made before the process is."""

    def __init__(self) -> None:
        self._number, self._taken = os.pipe(), os.pipe()
        self.handles = (*self._number, *self._taken)

    def give(self, listener: int) -> None:
        """The process's own part: it goes on when it has the descriptor no more."""
        os.write(self._number[1], b"%d" % listener)
        for handle in (self._number[1], self._taken[1]):
            os.close(handle)
        os.read(self._taken[0], 1)
        for handle in (listener, self._number[0], self._taken[0]):
            os.close(handle)

    def take(self, pid: int) -> int | None:
        """The other's part: the descriptor, or None where there is none, or this kernel gives it to nobody (Yama)."""
        for handle in (self._number[1], self._taken[0]):
            os.close(handle)
        try:
            said = os.read(self._number[0], 16)
            return kernel.descriptor_of(pid, int(said)) if said else None
        except OSError:
            return None
        finally:
            for handle in (self._number[0], self._taken[1]):
                os.close(handle)


# -- answering --------------------------------------------------------------


def answer(listener: int) -> None:
    """Answer the call that waits."""
    with contextlib.suppress(OSError):  # its caller was killed
        asked = kernel.Notification(listener)
        try:
            error = _in_child(asked)
        except OSError as problem:
            error = problem.errno or errno.EIO
        asked.answer(error)


def _in_child(asked: kernel.Notification) -> int:
    """Make the node in a process that can give everything up; 0, or what was wrong."""
    child = os.fork()
    if child == 0:
        error = errno.EIO
        try:
            _make(asked)
            error = 0
        except OSError as problem:
            error = problem.errno or errno.EIO
        finally:
            os._exit(error)
    status = os.waitpid(child, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else errno.EIO


def _make(asked: kernel.Notification) -> None:
    directory, address, mode, device = _arguments(asked)
    with _Caller(asked.pid) as caller:
        path = caller.text(address)
        start = _HERE if path.startswith(b"/") else directory
        handles = caller.root(), caller.directory(start)
        asked.require_waiting()  # so that all this was the caller's, and not of another process by its number
        if not caller.is_root:
            raise PermissionError(errno.EPERM, "only root makes devices")
        mounts, own = _mounts_without_devices(), os.open("/proc/self/fdinfo", os.O_PATH | os.O_DIRECTORY)
        caller.become(*handles)
    above, slash, name = path.rpartition(b"/")
    if name in (b"", b".", b".."):
        os.close(kernel.open_directory(path))
        raise FileExistsError(errno.EEXIST, "this is a directory")
    parent = kernel.open_directory(above + slash or b".")
    if _mount_of(parent, own) not in mounts:
        raise PermissionError(errno.EPERM, "this device would work")
    os.mknod(name, mode, device, dir_fd=parent)


def _arguments(asked: kernel.Notification) -> tuple[int, int, int, int]:
    """Of mknod(2) or mknodat(2): the directory, the path's address, the mode, the device."""
    arguments = asked.arguments
    if asked.number in syscalls.MKNOD:
        arguments = [_HERE, *arguments]
    directory, address, mode, number = arguments[:4]
    directory &= 0xFFFFFFFF
    major, minor = number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
    return directory - (directory >> 31 << 32), address, mode & 0xFFFF, os.makedev(major, minor)


class _Caller:
    """The thread that waits, by the directory that /proc has of it: that leads nowhere when the thread is gone."""

    def __init__(self, pid: int) -> None:
        self._process = os.open(f"/proc/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        with os.fdopen(self._open("status", os.O_RDONLY), "rb") as stream:
            self._status = dict(line.split(b":", 1) for line in stream.read().splitlines())

    def __enter__(self) -> _Caller:
        return self

    def __exit__(self, *unused_problem: object) -> None:
        os.close(self._process)

    def _open(self, name: str, flags: int) -> int:
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=self._process)

    def text(self, address: int) -> bytes:
        """The path that lies at an address of its memory."""
        try:
            memory = self._open("mem", os.O_RDONLY)
            content = os.pread(memory, _LONGEST, address)
            os.close(memory)
        except (OSError, OverflowError) as problem:
            raise OSError(errno.EFAULT, "nothing is there") from problem
        path, end, unused_rest = content.partition(b"\0")
        if not end:
            raise OSError(errno.ENAMETOOLONG if len(content) == _LONGEST else errno.EFAULT, "the path has no end")
        if not path:
            raise OSError(errno.ENOENT, "the path is empty")
        return path

    def root(self) -> int:
        return self._open("root", os.O_PATH | os.O_DIRECTORY)

    def directory(self, number: int) -> int:
        """Where a relative path begins."""
        if number == _HERE:
            return self._open("cwd", os.O_PATH | os.O_DIRECTORY)
        try:
            return self._open(f"fd/{number}", os.O_PATH | os.O_DIRECTORY)
        except FileNotFoundError as problem:
            raise OSError(errno.EBADF, "there is no such descriptor") from problem

    @property
    def is_root(self) -> bool:
        """Has it all rights that there are inside? Whoever gave one up was not to have them all."""
        return int(self._status[b"CapEff"], 16) & confine.RIGHTS == confine.RIGHTS

    def become(self, root: int, directory: int) -> None:
        """Be where the caller is, with its owner and umask, and with the rights of the inside and that of making devices."""
        os.fchdir(root)
        os.chroot(".")
        os.fchdir(directory)
        user, group = (int(self._status[name].split()[3]) for name in (b"Uid", b"Gid"))
        kernel.set_filesystem_owner(user, group)
        kernel.set_capabilities(confine.RIGHTS | 1 << _MAKE)
        os.umask(int(self._status[b"Umask"], 8))


def _mounts_without_devices() -> set[bytes]:
    """The mounts of this namespace on which no device works, by their numbers."""
    with open("/proc/self/mountinfo", "rb") as stream:
        fields = [line.split(b" ") for line in stream]
    return {words[0] for words in fields if b"nodev" in words[5].split(b",")}


def _mount_of(handle: int, own: int) -> bytes:
    """The number of the mount that a descriptor of this process is on; one of another namespace is none of ours."""
    with os.fdopen(os.open(str(handle), os.O_RDONLY | os.O_CLOEXEC, dir_fd=own), "rb") as stream:
        return dict(line.split(b":", 1) for line in stream.read().splitlines())[b"mnt_id"].strip()
