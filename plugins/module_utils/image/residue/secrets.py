# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a seal takes out of a template and nobody may find on its disk again: patterns that are searched for.

They are read from the template itself, held in memory for the time of the search, and passed on to nobody.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.search import SHORTEST

HOST_KEY, MACHINE_ID, HISTORY = "an SSH host key", "the machine-id", "a command history"
# Where they lie on the filesystem that holds them, which may also be one for /home, or have the system in a subvolume.
PLACES = {
    HOST_KEY: ("etc/ssh/ssh_host_*_key", "*/etc/ssh/ssh_host_*_key"),
    MACHINE_ID: ("etc/machine-id", "*/etc/machine-id"),
    HISTORY: ("root/.*_history", "home/*/.*_history", "*/.*_history", "*/root/.*_history", "*/home/*/.*_history"),
}
LARGEST = 1 << 20
# As many of the last lines of a history as are worth it.
LINES = 20


def of_tree(directory: str) -> dict[bytes, str]:
    """What to search for, as ``{pattern: what it is}``, of one filesystem that is mounted at a directory where nothing changes."""
    found = {}
    readers = {HOST_KEY: _host_key, MACHINE_ID: _machine_id, HISTORY: _history}
    for what, places in PLACES.items():
        for place in places:
            for path in _matching(os.fsencode(directory), place.split("/")):
                found.update(dict.fromkeys(readers[what](_read(path)), what))
    return found


def _host_key(content: bytes) -> list[bytes]:
    """The last whole line of a private key's body: those before it say which kind of key it is, and may be public."""
    lines = [line for line in content.splitlines() if re.fullmatch(rb"[A-Za-z0-9+/=]{48,76}", line)]
    return [line for line in lines if len(line) == len(lines[0])][-1:]


def _machine_id(content: bytes) -> list[bytes]:
    """The file with its end, since its number alone also stands in the names of directories."""
    return [content] if re.fullmatch(rb"[0-9a-f]{32}\n", content) else []


def _history(content: bytes) -> list[bytes]:
    """Pairs of lines, for one alone may stand in any file."""
    lines = content.splitlines(keepends=True)[-LINES:]
    pairs = (first + second for first, second in zip(lines, lines[1:]))
    return [pair for pair in pairs if SHORTEST <= len(pair) <= 4096 and len(set(pair)) > 8]


def _matching(directory: bytes, parts: list[str]) -> Iterator[bytes]:
    try:
        with os.scandir(directory) as listing:
            entries = list(listing)
    except OSError:
        return
    for entry in entries:
        if not fnmatch.fnmatchcase(os.fsdecode(entry.name), parts[0]):
            continue
        if len(parts) > 1 and entry.is_dir(follow_symlinks=False):
            yield from _matching(entry.path, parts[1:])
        elif len(parts) == 1 and entry.is_file(follow_symlinks=False):
            yield entry.path


def _read(path: bytes) -> bytes:
    """The last of a regular file, in which no link is followed."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        return os.pread(handle, LARGEST, max(found.st_size - LARGEST, 0)) if stat.S_ISREG(found.st_mode) else b""
    finally:
        os.close(handle)
