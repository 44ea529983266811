# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is remembered of files that were read before, so that they are not read again.

A file is known by its path, inode, size and both of its times (inode(7)). The time of the last change of its inode cannot be set by
any system call, so a file that was written since is read again. Root of the system can still set the clock back, write to the disk below the
filesystem or write here: therefore a memory ends after a period, and all files are read anew.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import time

_HEAD = struct.Struct("<8sQ")
_FORMAT = b"hygeia1\n"
_KEY, _CONTENT = 16, 32
_RECORD = _KEY + _CONTENT


class Digests:
    """SHA-256 of files by what ``key`` says of them; ``since`` is when all of them were last read.

    The records are sorted and stay as they are, since a mapping of as many takes ten times the memory.
    """

    def __init__(self, content: bytes = b"", since: int = 0) -> None:
        self.since = since
        self._content = content
        self._count = len(content) // _RECORD
        self._used = bytearray()

    def get(self, wanted: bytes) -> bytes | None:
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            place = middle * _RECORD
            found = self._content[place : place + _KEY]
            if found == wanted:
                return self._content[place + _KEY : place + _RECORD]
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return None

    def keep(self, key_of_file: bytes, digest: bytes) -> None:
        """Note that a file is there now; what is not noted is forgotten."""
        self._used += key_of_file
        self._used += digest

    @property
    def content(self) -> bytes:
        """What is there now."""
        return b"".join(sorted(bytes(self._used[place : place + _RECORD]) for place in range(0, len(self._used), _RECORD)))


def key(path: str, found: os.stat_result) -> bytes:
    text = f"{path}\0{found.st_ino}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}"
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=_KEY).digest()


def load(path: str, period: float, now: float | None = None) -> Digests:
    """What a file of ours holds; nothing, when it is older than the period in seconds, damaged, or may be of somebody else."""
    moment = time.time() if now is None else now
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Digests(since=int(moment))
    with os.fdopen(handle, "rb") as stream:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
            return Digests(since=int(moment))
        content = stream.read()
    if len(content) < _HEAD.size:
        return Digests(since=int(moment))
    form, since = _HEAD.unpack_from(content)
    if form != _FORMAT or not moment - period < since <= moment:
        return Digests(since=int(moment))
    return Digests(content[_HEAD.size :], since)


def save(path: str, digests: Digests) -> None:
    """Replace the file, in a directory that is root's alone."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(_HEAD.pack(_FORMAT, digests.since))
            stream.write(digests.content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
