# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lock in a directory that holds for every build host that shares the directory.

It is a lock of an open file description (fcntl_locking(2)), which NFS carries
to its server. The kernel or the server lets go of it when its holder is gone.
Where a filesystem keeps locks to one machine, or only says that it locked,
that is found out, and the directory is refused.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

NAME = ".lock"
MOUNTS = "/proc/self/mountinfo"
ADVICE = "choose a directory on a disk of the build host, or on NFS with its locks"
# Directories of another machine whose locks no other machine sees.
LONELY = {"9p", "virtiofs", "vboxsf", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.vmhgfs-fuse"}
# Options with which a mount keeps its locks to itself, by filesystem.
_KEPT_BACK = {
    "nfs": {"nolock", "local_lock=all", "local_lock=posix"},
    "nfs4": {"nolock", "local_lock=all", "local_lock=posix"},
    "cifs": {"nobrl"},
    "smb3": {"nobrl"},
}
_HELD = (errno.EAGAIN, errno.EACCES)


@contextlib.contextmanager
def held(directory: str, limit: float) -> Iterator[bool]:
    """Hold the lock of a directory; yields whether it could be had within ``limit`` seconds."""
    require_honest(directory)
    path = os.path.join(directory, NAME)
    with _opened(path) as handle:
        got = wait_until(lambda: _locked(handle, directory), limit)
        if got:
            with _opened(path) as second:
                if _locked(second, directory):
                    raise ImageError(f"the filesystem of {directory} says that it locks files, but does not: {ADVICE}")
        yield got


def require_honest(directory: str) -> None:
    """Refuse a directory whose mount keeps locks from other build hosts."""
    kind, options = _mount(directory)
    kept_back = sorted(options & _KEPT_BACK.get(kind, set()))
    if kind in LONELY or kept_back:
        raise ImageError(f"{directory} is on {' with '.join([kind, *kept_back])}, where no other build host sees a lock: {ADVICE}")


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as problem:
        directory = os.path.dirname(path)
        raise ImageError(
            f"{directory} cannot be written to ({problem.strerror}): make it a directory that can, or choose another"
        ) from problem
    try:
        yield handle
    finally:
        os.close(handle)


def _locked(handle: int, directory: str) -> bool:
    """Take the lock of this open file, if nobody has it."""
    whole_file = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, whole_file)
    except OSError as problem:
        if problem.errno in _HELD:
            return False
        raise ImageError(f"files cannot be locked in {directory} ({problem.strerror}): {ADVICE}") from problem
    return True


def _mount(directory: str) -> tuple[str, set[str]]:
    """The type of the filesystem that a directory is on, and the options of the mount."""
    device = os.stat(directory).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    with open(MOUNTS, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            mount, unused_dash, filesystem = line.partition(" - ")
            fields, about = mount.split(), filesystem.split()
            if fields[2] == wanted and len(about) >= 1:
                return about[0], set(fields[5].split(",")) | set(about[-1].split(","))
    return "", set()
