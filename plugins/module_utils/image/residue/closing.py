# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a session's disk: what is not a file any more is overwritten, and the raw bytes are searched for what was sealed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import Partition
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import search, secrets
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.mounted import UNTOUCHED, mounted
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.overwrite import overwrite
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


def clean(
    disk: str, partitions: Sequence[Partition], place: str, limit: float, known: Mapping[bytes, str], planted: Mapping[bytes, str]
) -> dict[str, Any]:
    """Overwrite and search; returns ``{"overwritten", "not_overwritten", "searched", "found"}``, in which no secret stands.

    ``known`` are the patterns of the template as it came, ``planted`` those of canaries. What a file has still is no residue, and
    of the former not searched for.
    """
    kept: dict[bytes, str] = {}
    handle = os.open(disk, os.O_RDWR | os.O_CLOEXEC)
    try:
        done = overwrite(handle, disk, partitions, place, limit, lambda directory: kept.update(secrets.of_tree(directory)))
        os.fsync(handle)
        wanted = {**{pattern: what for pattern, what in known.items() if pattern not in kept}, **planted}
        found = search.search(handle, wanted)
    finally:
        os.close(handle)
    return {
        "overwritten": done.size,
        "not_overwritten": done.remaining,
        "searched": len(wanted),
        "found": [{"what": wanted[pattern], "offset": offset} for offset, pattern in found],
    }


def known(disk: str, partitions: Sequence[Partition], place: str) -> dict[bytes, str]:
    """The patterns of a raw disk as it is; what cannot be mounted shows none."""
    found: dict[bytes, str] = {}
    for partition in partitions:
        if partition.filesystem in UNTOUCHED:
            try:
                with mounted(disk, partition, place, UNTOUCHED) as directory:
                    found.update(secrets.of_tree(directory))
            except ImageError:
                continue
    return found
