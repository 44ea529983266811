# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Putting a file in the place of another in one step, with all that belongs to it and is not its text."""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import os
import stat
import struct
import tempfile

from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile

SELINUX_LABEL = "security.selinux"
# FS_IOC_GETFLAGS, and the flags that keep root too from writing (ioctl_iflags(2)).
_GET_FLAGS = 0x80086601
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20
_EVERYTHING = 1_000_000


def replace(target: str, content: bytes, mode: int, like: str | None = None) -> None:
    """Install ``content`` at ``target``: a reader sees the old file or the new one, whole.

    ``like`` is a file whose owner, group, access lists and attributes the new one has.
    """
    try:
        make_directory(os.path.dirname(target))
        _replace(target, content, mode, like)
    except OSError as problem:
        raise OddFile(f"{hindrance(target) or problem.strerror or problem}, so it was not written") from problem


def _replace(target: str, content: bytes, mode: int, like: str | None) -> None:
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".hygeia-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if like:
            _take_over(like, temporary)
        os.chmod(temporary, mode)  # after the owner, which takes set-user-ID away
        _label(temporary, target)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _take_over(old: str, new: str) -> None:
    found = os.lstat(old)
    os.chown(new, found.st_uid, found.st_gid)
    for name in os.listxattr(old, follow_symlinks=False):
        with contextlib.suppress(OSError):  # what only the kernel may write, and gives to each file itself
            os.setxattr(new, name, os.getxattr(old, name, follow_symlinks=False), follow_symlinks=False)


def make_directory(directory: str) -> None:
    """Make a directory and those that it lies in, where they are not there."""
    if not os.path.isdir(directory):
        make_directory(os.path.dirname(directory))
        os.makedirs(directory, mode=0o755, exist_ok=True)
        _label(directory, directory)


def _label(new: str, target: str) -> None:
    """Give a new file the SELinux label of the one that it replaces, else of its directory where the kernel gave it none."""
    sources = [target] if _labelled(new) else [target, os.path.dirname(target)]
    label = next((label for label in map(_labelled, sources) if label), None)
    if label:
        with contextlib.suppress(OSError):  # a mount may have one label for all its files
            os.setxattr(new, SELINUX_LABEL, label)


def _labelled(path: str) -> bytes | None:
    """The SELinux label of a file, or None where it has none."""
    try:
        return os.getxattr(path, SELINUX_LABEL, follow_symlinks=False)
    except OSError:
        return None


def hindrance(target: str) -> str:
    """What keeps even root from writing a file, in words, or nothing that is known."""
    directory = os.path.dirname(target)
    with contextlib.suppress(OSError):
        if os.statvfs(directory).f_flag & os.ST_RDONLY:
            return "its filesystem is mounted read-only"
    for place, what in ((target, "it"), (directory, "its directory")):
        flags = _flags(place)
        if flags & _IMMUTABLE:
            return f"{what} is immutable; remove the flag with chattr -i"
        if flags & _APPEND_ONLY:
            return f"{what} can only be appended to; remove the flag with chattr -a"
    return ""


def _flags(place: str) -> int:
    try:
        if stat.S_IFMT(os.lstat(place).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
            return 0
        handle = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return 0
    try:
        return struct.unpack("i", fcntl.ioctl(handle, _GET_FLAGS, b"\0" * 8)[:4])[0]
    except OSError:
        return 0  # a filesystem without such flags
    finally:
        os.close(handle)


def with_ends(old: bytes, new: bytes) -> bytes:
    """The new lines of a file with the ends that its lines have: unchanged ones keep theirs, others get the usual one."""
    if b"\r\n" not in old:
        return new
    before, after = old.split(b"\n"), new.split(b"\n")
    plain = [line[:-1] if line.endswith(b"\r") else line for line in before]
    usual = b"\r" if 2 * sum(line.endswith(b"\r") for line in before) >= len(before) - 1 else b""
    ended = [b"" if line.endswith(b"\r") else usual for line in after[:-1]] + [b""]
    for block in _same(plain, after):
        for number in range(block.size):
            if block.b + number < len(after) - 1:  # what follows the last end has none
                ended[block.b + number] = b"\r" if before[block.a + number].endswith(b"\r") else b""
    return b"\n".join(line + end for line, end in zip(after, ended))


def _same(before: list[bytes], after: list[bytes]) -> list[difflib.Match]:
    """Blocks of lines that two files share."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=len(before) * len(after) > _EVERYTHING)
    return matcher.get_matching_blocks()
