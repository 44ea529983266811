# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs that a system has: those that lend the rights of their owner or group, and those of a list that are there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# Where software is installed. What lies elsewhere is data, and a program with such rights there is a finding of its own.
DIRECTORIES = ("/bin", "/lib", "/opt", "/sbin", "/usr")
_LENDS = stat.S_ISUID | stat.S_ISGID


def privileged(host: Host) -> list[str]:
    """The paths of all set-user-ID and set-group-ID programs, sorted; one walk that follows no link and leaves no filesystem."""
    tops = [host.entry(directory) for directory in DIRECTORIES]
    return sorted(host.outside(path) for top in tops if _is_directory(top) for path in _lending(top, os.lstat(top).st_dev))


def present(host: Host, paths: list[str]) -> list[str]:
    """The programs at those of the paths where there is one; of a link the program it leads to, as the kernel runs that."""
    return list(dict.fromkeys(own for own in map(host.resolved, paths) if own and host.is_file(own)))


def _is_directory(place: str) -> bool:
    return os.path.isdir(place) and not os.path.islink(place)


def _lending(top: str, device: int) -> Iterator[str]:
    directories = [top]
    while directories:
        try:
            entries = list(os.scandir(directories.pop()))
        except (FileNotFoundError, NotADirectoryError):
            continue  # a package is being changed
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(found.st_mode) and found.st_dev == device:
                directories.append(entry.path)
            elif stat.S_ISREG(found.st_mode) and found.st_mode & _LENDS and found.st_mode & 0o111:
                yield entry.path
