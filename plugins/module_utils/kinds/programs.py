# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs that a system has: those that lend the rights of their owner or group, and those of a list that are there."""

from __future__ import annotations

import os
import stat

# Where software is installed. What lies elsewhere is data, and a program with such rights there is a finding of its own.
FOLDERS = ("/bin", "/lib", "/opt", "/sbin", "/usr")
_LENDS = stat.S_ISUID | stat.S_ISGID


def privileged(host):
    """The paths of all set-user-ID and set-group-ID programs, sorted; one walk that follows no link and leaves no filesystem."""
    tops = [host.entry(folder) for folder in FOLDERS]
    return sorted(host.outside(path) for top in tops if _is_folder(top) for path in _lending(top, os.lstat(top).st_dev))


def present(host, paths):
    """The programs at those of the paths where there is one; of a link the program it leads to, as the kernel runs that."""
    places = [os.path.realpath(path) if host.root == "/" else host.path(path) for path in paths]
    return list(dict.fromkeys(host.outside(place) for place in places if os.path.isfile(place)))


def _is_folder(place):
    return os.path.isdir(place) and not os.path.islink(place)


def _lending(top, device):
    folders = [top]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except (FileNotFoundError, NotADirectoryError):
            continue  # a package is being changed
        for entry in entries:
            if entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                if os.lstat(entry.path).st_dev == device:
                    folders.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                mode = entry.stat(follow_symlinks=False).st_mode
                if mode & _LENDS and mode & 0o111:
                    yield entry.path
