# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching the files of a system: those that no package brought, or that are not what it brought."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.detectors.swap import is_swap
from ansible_collections.hygeia.golden.plugins.module_utils.residue.nested import Nested
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.local_files import Walk
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.owned_files import OwnedFiles
from ansible_collections.hygeia.golden.plugins.module_utils.system.tree import uncovered
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import Met
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import one_line, shortened

# What the kernel makes up, and what is in memory. Stores of containers are searched, for they are in the image.
NOT_ON_DISK = frozenset(("/dev", "/proc", "/run", "/sys"))
# What an opened template hides below filesystems of its session.
COVERED = ("/dev", "/run", "/tmp", "/var/tmp")
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass
class Share:
    """Which files one of several processes searches, and what it did with them."""

    number: int = 0
    of: int = 1
    files: int = 0
    unchanged: int = 0
    # Searches what packages brought too, to recognize that on a disk.
    packaged: Searcher | None = None
    seen: set[tuple[int, int]] = field(default_factory=set)

    def takes(self, found: os.stat_result) -> bool:
        """Is a file one of this share, and met for the first time by whichever name?"""
        if not stat.S_ISREG(found.st_mode) or not found.st_size or found.st_ino % self.of != self.number:
            return False
        if found.st_nlink > 1:
            known = (found.st_dev, found.st_ino)
            if known in self.seen:
                return False
            self.seen.add(known)
        return True


def search(host: Host, nested: Nested, share: Share) -> None:
    """Search all files of a system, those beneath the temporary filesystems of an opened template included."""
    owned = OwnedFiles(host)
    for met in _regular(host, nested, NOT_ON_DISK):
        _search(met, owned, nested, share)
    with uncovered(host, "/tmp") as real:
        if real is not host:
            for met in _regular(real, nested, frozenset(), lambda path: not _leads_to_covered(path)):
                if met.path.startswith(tuple(f"{directory}/" for directory in COVERED)):
                    _search(met, owned, nested, share)


def _regular(host: Host, nested: Nested, skipped: frozenset[str], left_out: Callable[[str], bool] = lambda path: False) -> Iterator[Met]:
    walk = Walk(host, left_out, skipped=skipped)
    yield from walk
    for path in walk.unread:
        nested.searcher.findings.skip(shortened(one_line(path)), "the directory cannot be looked into; look as root")
    if walk.ended:
        nested.searcher.findings.skip("/", f"there are more than {walk.limit} files")


def _leads_to_covered(path: str) -> bool:
    return any(directory == path or directory.startswith(f"{path}/") or path.startswith(f"{directory}/") for directory in COVERED)


def _search(met: Met, owned: OwnedFiles, nested: Nested, share: Share) -> None:
    if not share.takes(met.found):
        return
    shown = shortened(one_line(met.path))
    try:
        handle = _opened(met)
    except FileNotFoundError:
        return  # it has just gone
    except OSError as problem:
        nested.searcher.findings.skip(shown, f"it cannot be read: {problem.strerror}")
        return
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return
        if owned.unchanged(met.path, handle):
            share.unchanged += 1
            if share.packaged:
                nested.plain(share.packaged, shown, handle, met.found.st_size)
        elif not is_swap(os.pread(handle, 1 << 16, 0)):  # which is overwritten when the disk is closed, and searched for on it
            share.files += 1
            nested.open_file(shown, handle, met.found.st_size)
    except OSError as problem:
        nested.searcher.findings.skip(shown, f"it cannot be read: {problem.strerror}")
    finally:
        os.close(handle)


def _opened(met: Met) -> int:
    """A descriptor of a file, whose time of access stays as it is where the kernel allows that."""
    try:
        return os.open(met.name, _FLAGS | os.O_NOATIME, dir_fd=met.directory)
    except PermissionError:
        return os.open(met.name, _FLAGS, dir_fd=met.directory)
