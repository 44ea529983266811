# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finding and removing below a folder without ever following a symbolic link or leaving its filesystem."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import stat
import tempfile

from ansible_collections.hygeia.golden.plugins.module_utils.host import Host

_ANY_DEPTH = "**"


def is_pattern(name):
    return any(sign in name for sign in "*?[")


def find(host, pattern):
    """The paths of a system that match, sorted. As in a shell a leading dot is matched by a dot only.

    ``**`` reaches every depth and then means files alone. What a folder of a
    user leads to elsewhere is not found: from the first ``*`` on no symbolic
    link is followed.
    """
    parts = [part for part in pattern.split("/") if part]
    fixed = next((number for number, part in enumerate(parts) if is_pattern(part)), len(parts) - 1)
    top = os.path.realpath(host.path("/" + "/".join(parts[:fixed])))
    if not os.path.isdir(top):
        return []
    if not is_pattern(pattern):
        place = os.path.join(top, parts[-1])
        return [host.outside(place)] if os.path.lexists(place) else []
    return sorted(host.outside(path) for path in _below(top, parts[fixed:], os.stat(top).st_dev))


def _below(folder, parts, device):
    """The places below a folder that match the parts of a pattern."""
    part, rest = parts[0], parts[1:]
    if part == _ANY_DEPTH:
        for inner in _folders(folder, device):
            yield from (path for path in _below(inner, rest or ["*"], device) if not os.path.isdir(path) or os.path.islink(path))
        return
    for entry in _entries(folder):
        matches = fnmatch.fnmatchcase(entry.name, part) if is_pattern(part) else entry.name == part
        if not matches or (entry.name.startswith(".") and not part.startswith(".")):
            continue
        if not rest:
            yield entry.path
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, rest, device)


def _folders(folder, device):
    """A folder and all folders below it on the same filesystem."""
    yield folder
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == device:
            yield from _folders(entry.path, device)


def _entries(folder):
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []


def delete(host, path):
    """Remove a file, a link or a whole folder."""
    _act(host, path, remove=True)


def clear(host, path):
    """Make a file or a folder empty; it stays, with its owner and its mode."""
    _act(host, path, remove=False)


def _act(host, path, remove):
    if host.check:
        raise RuntimeError(f"check mode would have emptied {path}")
    parent, name = os.path.split(host.entry(path))
    folder = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        kind = os.stat(name, follow_symlinks=False, dir_fd=folder)
        if stat.S_ISDIR(kind.st_mode):
            _empty(folder, name, kind.st_dev)
            if remove:
                os.rmdir(name, dir_fd=folder)
        elif remove:
            os.unlink(name, dir_fd=folder)
        elif stat.S_ISREG(kind.st_mode):
            os.close(os.open(name, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, dir_fd=folder))
    finally:
        os.close(folder)


def _empty(parent, name, device):
    """Remove what is in a folder; another filesystem that is mounted there is left alone, and so is the way to it."""
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        for inner in os.listdir(folder):
            kind = os.stat(inner, follow_symlinks=False, dir_fd=folder)
            if not stat.S_ISDIR(kind.st_mode):
                os.unlink(inner, dir_fd=folder)
            elif kind.st_dev == device:
                _empty(folder, inner, device)
                with contextlib.suppress(OSError):
                    os.rmdir(inner, dir_fd=folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def beneath(host, path):
    """The host as it is without the temporary filesystems that an opened image has over folders such as /tmp.

    What the image itself holds there is hidden, and would be left in it.
    """
    if host.booted or host.root != "/" or not _covered(path):
        yield host
        return
    place = tempfile.mkdtemp(prefix="hygeia-", dir="/run")
    try:
        ran = host.run(["mount", "--bind", "/", place])  # without what is mounted below
        if not ran.ok:
            raise RuntimeError(f"what lies below the temporary filesystem over {path} cannot be seen: {ran.complaint}")
        try:
            yield Host(place, host.check, host.environ)
        finally:
            host.run(["umount", place])
    finally:
        os.rmdir(place)


def _covered(path):
    """Does a temporary filesystem lie over this path?"""
    best, kind = "", ""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            fields, unused_sep, behind = line.partition(" - ")
            point = fields.split()[4]
            if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
                best, kind = point, behind.split()[0]
    return kind == "tmpfs"
