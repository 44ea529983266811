# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Configuration files of which a package manager kept one version and laid the other beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

OLD, NEW = "old", "new"
# What lies beside, and which of the two was kept (dpkg(1), ucf(1), rpm(8)).
_KEPT = {".dpkg-dist": OLD, ".ucf-dist": OLD, ".rpmnew": OLD, ".dpkg-old": NEW, ".ucf-old": NEW, ".rpmsave": NEW}


def laid(host: Host) -> dict[str, tuple[int, int, int]]:
    """The files that lie beside others, each with what tells it from a later one of its name."""
    found = {}
    for directory, unused_directories, names in os.walk(host.path("/etc")):
        for name in names:
            if name.endswith(tuple(_KEPT)):
                place = os.path.join(directory, name)
                there = os.lstat(place)
                found[host.outside(place)] = (there.st_ino, there.st_size, there.st_mtime_ns)
    return found


def new(host: Host, before: dict[str, tuple[int, int, int]]) -> list[dict[str, str]]:
    """The files that were laid beside others since ``before``, as a module returns them."""
    paths = sorted(path for path, mark in laid(host).items() if before.get(path) != mark)
    return [{"path": os.path.splitext(path)[0], "kept": _KEPT[os.path.splitext(path)[1]], "beside": path} for path in paths]
