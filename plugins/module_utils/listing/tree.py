# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that lies in a system, an entry a line, so that two systems can be compared file by file.

An entry is a list in JSON: path, type, mode, owner, group, size, content, capability and package. The content of a file is its SHA-256,
or ``=`` when it is what its package brought; that of a link its target, that of a device its numbers. The lines are compressed, since
a tree has many and few of them are looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.listing.ownership import Ownership
from ansible_collections.hygeia.golden.plugins.module_utils.residue.parallel import parallel, processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.local_files import Walk
from ansible_collections.hygeia.golden.plugins.module_utils.util import pieces
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import Met
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import one_line
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

# What the kernel makes up, what is in memory, and what an opened template hides below filesystems of its session.
SKIPPED = frozenset(("/dev", "/proc", "/run", "/sys", "/tmp", "/var/tmp"))
AS_PACKAGED = "="
UNREAD = "?"
TYPES = {
    stat.S_IFREG: "f",
    stat.S_IFDIR: "d",
    stat.S_IFLNK: "l",
    stat.S_IFCHR: "c",
    stat.S_IFBLK: "b",
    stat.S_IFIFO: "p",
    stat.S_IFSOCK: "s",
}
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CAPABILITY = "security.capability"
_PIECE = 1 << 20

Entry = list[Any]


def listed(host: Host, count: int = 0) -> dict[str, Any]:
    """The tree of a system: ``listing`` in pieces of text, how many entries there are, and which directories could not be read."""
    owners = Ownership(host)
    accounts = names(host, "/etc/passwd"), names(host, "/etc/group")
    count = count or processes()

    def part(number: int) -> dict[str, Any]:
        walk = Walk(host, skipped=SKIPPED, links=True)
        entries = [_entry(met, owners, accounts) for met in _share(walk, number, count)]
        return {"entries": entries, "unread": walk.unread, "ended": walk.ended}

    parts = parallel(count, part)
    entries = sorted(entry for each in parts for entry in each["entries"])
    return {
        "listing": _packed(entries),
        "entries": len(entries),
        "unread": sorted({one_line(path) for each in parts for path in each["unread"]}),
        "complete": not any(each["ended"] for each in parts),
    }


def _share(walk: Walk, number: int, count: int) -> Iterator[Met]:
    """What one of several processes reads: each walks through all, which is quick, and reads the content of some, which is not."""
    for met in walk:
        if met.found.st_ino % count == number:
            yield met


def _entry(met: Met, owners: Ownership, accounts: tuple[dict[int, str], dict[int, str]]) -> Entry:
    found = met.found
    package = owners.package(met.path)
    content, capability = _content(met, owners if package else None)
    return [
        one_line(met.path),
        TYPES.get(stat.S_IFMT(found.st_mode), "?"),
        stat.S_IMODE(found.st_mode),
        accounts[0].get(found.st_uid, str(found.st_uid)),
        accounts[1].get(found.st_gid, str(found.st_gid)),
        found.st_size if stat.S_ISREG(found.st_mode) else 0,
        content,
        capability,
        package,
    ]


def _content(met: Met, owners: Ownership | None) -> tuple[str, str]:
    """What an entry holds, and the capabilities that a program gets by it (capabilities(7)), in hexadecimal digits."""
    mode = met.found.st_mode
    if stat.S_ISLNK(mode):
        try:
            return one_line(os.readlink(met.name, dir_fd=met.directory)), ""
        except OSError:
            return UNREAD, ""
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        return f"{os.major(met.found.st_rdev)}:{os.minor(met.found.st_rdev)}", ""
    if not stat.S_ISREG(mode):
        return "", ""
    try:
        handle = os.open(met.name, _FLAGS, dir_fd=met.directory)
    except OSError:
        return UNREAD, ""
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return UNREAD, ""
        return _digest(met.path, handle, owners), _capability(handle)
    except OSError:
        return UNREAD, ""
    finally:
        os.close(handle)


def _digest(path: str, handle: int, owners: Ownership | None) -> str:
    if owners and owners.unchanged(path, handle):
        return AS_PACKAGED
    digest = hashlib.sha256()
    place = 0
    while piece := os.pread(handle, _PIECE, place):
        digest.update(piece)
        place += len(piece)
    sha256 = digest.hexdigest()
    return AS_PACKAGED if owners and owners.brought(path, sha256) else sha256


def _capability(handle: int) -> str:
    try:
        return os.getxattr(handle, _CAPABILITY).hex()
    except OSError:
        return ""


def names(host: Host, path: str) -> dict[int, str]:
    """The accounts or groups of a system by their numbers; of one with several names the first, as the system itself calls it."""
    found: dict[int, str] = {}
    for fields in (line.split(":") for line in lines_of(host.read(path) or "")):
        if len(fields) > 2 and fields[2].isascii() and fields[2].isdigit() and len(fields[2]) < 11:
            found.setdefault(int(fields[2]), one_line(fields[0]))
    return found


def _packed(entries: list[Entry]) -> list[str]:
    return pieces.packed("".join(f"{json.dumps(entry)}\n" for entry in entries).encode())
