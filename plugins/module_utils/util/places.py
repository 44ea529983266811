# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a path of a system lies, and opening what lies there: never outside of the system's root, never what is no file."""

from __future__ import annotations

import os
import stat

# As many symbolic links as the kernel follows in one path (path_resolution(7)).
_HOPS = 40
# What the kernel makes up. A file of a system that leads there, such as to /proc/1/environ, would tell of who looks.
_MADE_UP = ("/proc", "/sys", "/dev")
NOTHING = "/dev/null"
_TYPES = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
}


class OddFile(OSError):
    """Something stands where a file is expected that cannot be read as one; the sentence names it."""


def resolved(root: str, path: str) -> str:
    """The name of ``path`` without links, as the system rooted at ``root`` would follow them; it may be of nothing."""
    done, hops = "", 0
    parts = _parts(path)
    while parts:
        part = parts.pop(0)
        if part == "..":
            done = os.path.dirname(done).rstrip("/")
            continue
        target = _target(f"{root.rstrip('/')}{done}/{part}")
        if target is None:
            done = f"{done}/{part}"
            continue
        hops += 1
        if hops > _HOPS:
            raise OddFile(f"{path} leads through symbolic links that have no end; remove the link")
        done = "" if target.startswith("/") else done
        parts = _parts(target) + parts
    return done or "/"


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _target(place: str) -> str | None:
    try:
        return os.readlink(place)
    except (OSError, ValueError):
        return None  # no link, or nothing at all; whoever opens it will know


def opened(root: str, path: str) -> int | None:
    """A descriptor for reading the file at ``path``, which is a regular one of this system, or None where there is none.

    No component is followed while opening, so nobody can put a link in between.
    """
    own = resolved(root, path)
    if _made_up(own) and not _made_up(path):
        raise OddFile(f"{path} leads to {own}, which is not a file of the system; put a file in its place")
    try:
        directory = parent(root, own)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    try:
        return _opened(directory, os.path.basename(own), path)
    except (FileNotFoundError, ValueError):
        return None
    except OSError as problem:
        raise problem if isinstance(problem, OddFile) else OddFile(f"{path} cannot be read: {problem.strerror}") from problem
    finally:
        os.close(directory)


def parent(root: str, own: str) -> int:
    """A descriptor of the directory that a name without links lies in."""
    directory = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in _parts(os.path.dirname(own)):
        try:
            inner = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        finally:
            os.close(directory)
        directory = inner
    return directory


def _opened(directory: int, name: str, path: str) -> int:
    # Looked at first, because opening alone can do something to a device.
    _regular(os.stat(name or ".", dir_fd=directory, follow_symlinks=False), path)
    handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=directory)
    try:
        _regular(os.fstat(handle), path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _regular(found: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = _TYPES.get(stat.S_IFMT(found.st_mode), "no file")
        raise OddFile(f"{path} is {what} where a file is expected; remove it or put a file in its place")


def _made_up(path: str) -> bool:
    return path in _MADE_UP or path.startswith(tuple(f"{directory}/" for directory in _MADE_UP))
