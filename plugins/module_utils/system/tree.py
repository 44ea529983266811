# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finding and removing below a directory without ever following a symbolic link or leaving its filesystem."""

from __future__ import annotations

import contextlib
import fnmatch
import itertools
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.system.covered import COVERED
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import places
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import Met, descend
from ansible_collections.hygeia.golden.plugins.module_utils.util.globbing import is_pattern
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import shortened
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

_ANY_DEPTH = "**"
# How much is looked at below a directory for one pattern, and how much of what could not be removed is named.
MOST = 1_000_000
LARGEST = 256_000_000
_MOST_NAMED = 100
# By one of these a directory is the root of a system.
SYSTEM = ("etc/os-release", "usr/lib/os-release")


def find(host: Host, pattern: str) -> list[str]:
    """The paths of a system that match, sorted. As in a shell a leading dot is matched by a dot only.

    ``**`` reaches every depth and then means files alone. What a directory of a
    user leads to elsewhere is not found: from the first ``*`` on no symbolic
    link is followed.
    """
    parts = [part for part in pattern.split("/") if part]
    fixed = next((number for number, part in enumerate(parts) if is_pattern(part)), len(parts) - 1)
    try:
        top = places.resolved(host.root, "/".join(parts[:fixed])).rstrip("/")
        directory = places.parent(host.root, f"{top}/-")
    except OSError:
        return []  # no directory, or a link without an end
    try:
        return sorted(f"{top}{path}" for path in _below(directory, parts[fixed:]))
    finally:
        os.close(directory)


def _below(directory: int, parts: list[str]) -> list[str]:
    """What matches the parts of a pattern below a directory, from it on."""
    if not is_pattern(parts[0]):
        return [f"/{parts[0]}"] if _there(directory, parts[0]) else []
    deep = _ANY_DEPTH in parts
    before = parts[: parts.index(_ANY_DEPTH)] if deep else parts[:-1]
    after = parts[len(before) + 1 :] or ["*"] if deep else parts[-1:]
    device = os.fstat(directory).st_dev

    def enter(met: Met) -> bool:
        if met.depth <= len(before):
            return _matches(met.name, before[met.depth - 1])
        return deep and met.found.st_dev == device

    def fits(met: Met) -> bool:
        if met.left or (deep and (met.is_directory or met.depth < len(before) + len(after))) or (not deep and met.depth != len(parts)):
            return False
        ends = [met.name, *(level.name for level in itertools.islice(met.level.way, len(after) - 1))]
        return all(map(_matches, ends, reversed(after)))

    unread: list[str] = []
    found: list[str] = []
    size = 0
    for number, met in enumerate(descend(directory, enter, unread.append)):
        if fits(met):
            found.append(met.whole)
            size += len(found[-1])
        if number == MOST or size > LARGEST:
            raise places.OddFile(f"more than {MOST} files, or paths of {LARGEST} letters, are in it; take away what makes them so many")
    if unread:
        raise places.OddFile(f"{shortened(unread[0])} in it cannot be looked into; look as root")
    return found


def _there(directory: int, name: str) -> bool:
    try:
        return bool(os.stat(name, dir_fd=directory, follow_symlinks=False))
    except OSError:
        return False


def _matches(name: str, part: str) -> bool:
    if not is_pattern(part):
        return name == part
    return fnmatch.fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))


@contextlib.contextmanager
def at(host: Host, path: str) -> Iterator[tuple[int, str]]:
    """The directory that a path lies in, open, and its name there; a link at its end is not followed, and no path is too long."""
    parent, name = os.path.split(path.rstrip("/"))
    directory = places.parent(host.root, f"{places.resolved(host.root, parent).rstrip('/')}/{name}")
    try:
        yield directory, name
    finally:
        os.close(directory)


def delete(host: Host, path: str) -> None:
    """Remove a file, a link or a whole directory."""
    _act(host, path, remove=True)


def clear(host: Host, path: str) -> None:
    """Make a file or a directory empty; it stays, with its owner and its mode."""
    _act(host, path, remove=False)


def _act(host: Host, path: str, remove: bool) -> None:
    if host.check:
        raise RuntimeError(f"check mode would have emptied {path}")
    refused = holds_system(host, path)
    if refused:
        raise RuntimeError(refused)
    with contextlib.suppress(FileNotFoundError), at(host, path) as (directory, name):  # what has gone meanwhile is gone
        kind = os.stat(name, follow_symlinks=False, dir_fd=directory)
        if stat.S_ISDIR(kind.st_mode):
            _empty(directory, name, kind.st_dev, _left_alone(host))
            if remove and not _on_the_way(host.entry(path)):
                os.rmdir(name, dir_fd=directory)
        elif remove:
            os.unlink(name, dir_fd=directory)
        elif stat.S_ISREG(kind.st_mode):
            os.close(os.open(name, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, dir_fd=directory))


def _empty(parent: int, name: str, device: int, left_alone: set[tuple[int, int]]) -> None:
    """Remove what is in a directory; what is mounted there or runs from there is left alone, and so is the way to it."""
    directory = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    kept: list[str] = []
    try:
        for met in descend(directory, lambda met: met.found.st_dev == device and (device, met.found.st_ino) not in left_alone):
            try:
                if met.left:
                    with contextlib.suppress(OSError):
                        os.rmdir(met.name, dir_fd=met.directory)
                elif not met.is_directory:
                    os.unlink(met.name, dir_fd=met.directory)
            except FileNotFoundError:
                pass  # somebody else was faster
            except OSError as problem:
                kept += [f"{met.path[1:]}: {problem.strerror}"] if len(kept) < _MOST_NAMED else []
    finally:
        os.close(directory)
    if kept:
        raise OSError(f"{len(kept)} could not be removed, such as {kept[0]}")


def holds_system(host: Host, path: str) -> str:
    """Why a directory must never be removed or emptied, in one sentence, or an empty string: a system is mounted there.

    A second mount of the root has the root's own files in it. So has one of another part of the root's filesystem, but for
    btrfs, whose subvolumes are all of one.
    """
    place = host.entry(path)
    try:
        found, root = os.lstat(place), os.stat(host.path("/"))
    except OSError:
        return ""
    if not stat.S_ISDIR(found.st_mode):
        return ""
    points = _mounts()
    same = (found.st_dev, found.st_ino) == (root.st_dev, root.st_ino)
    point = points.get(os.path.realpath(place))
    if same or (point and (point == points.get("/") or any(os.path.lexists(os.path.join(place, name)) for name in SYSTEM))):
        return f"{path} is not changed, because another system is mounted there: unmount it, and correct /etc/fstab"
    return ""


def _left_alone(host: Host) -> set[tuple[int, int]]:
    """The directories that are never entered, as (device, inode): the root, what is mounted anywhere, and what this run runs from."""
    found = set()
    for place in [host.path("/"), *_mounts(), *_own()]:
        with contextlib.suppress(OSError):
            kind = os.stat(place)
            found.add((kind.st_dev, kind.st_ino))
    return found


def _on_the_way(place: str) -> bool:
    """Does the module that runs lie below a directory? Ansible needs that until the module has ended."""
    return any(os.path.realpath(own).startswith(os.path.realpath(place) + "/") for own in _own())


def _own() -> list[str]:
    """The directories of the module that runs: where it was unpacked, and where Ansible had put it."""
    with open("/proc/self/cmdline", "rb") as stream:
        words = [os.fsdecode(word) for word in stream.read().split(b"\0") if word.startswith(b"/")]
    return [os.path.dirname(word) for word in words + sys.path if os.path.isfile(word)]


def _mounts() -> dict[str, tuple[str, ...]]:
    """Where something is mounted, with what tells its filesystem from others; a btrfs has nothing that does."""

    points: dict[str, tuple[str, ...]] = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            ahead, unused_sep, behind = line.partition(" - ")
            fields = words_of(ahead)
            point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
            points[point] = (fields[2],) if words_of(behind)[0] != "btrfs" else (fields[2], point)
    return points


@contextlib.contextmanager
def uncovered(host: Host, path: str) -> Iterator[Host]:
    """The host as it is without the temporary filesystems that an opened image has over directories such as /tmp.

    What the image itself holds there is hidden, and would be left in it.
    """
    if host.booted or host.root != "/" or not _covered(path):
        yield host
        return
    if os.path.isdir(COVERED):
        yield Host(COVERED, host.check, host.environ)
        return
    place = tempfile.mkdtemp(prefix="hygeia-", dir="/run")
    try:
        ran = host.run(["mount", "--bind", "/", place])  # without what is mounted below
        if not ran.ok:
            raise RuntimeError(f"what lies below the temporary filesystem over {path} cannot be seen: {ran.error}")
        try:
            yield Host(place, host.check, host.environ)
        finally:
            host.run(["umount", place])
    finally:
        os.rmdir(place)


def _covered(path: str) -> bool:
    """Does a temporary filesystem lie over this path?"""
    best, kind = "", ""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            fields, unused_sep, behind = line.partition(" - ")
            point = words_of(fields)[4]
            if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
                best, kind = point, words_of(behind)[0]
    return kind == "tmpfs"
