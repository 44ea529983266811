# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a session's disks: what is not a file any more is overwritten, and the raw bytes are searched for what was sealed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import Partition
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import search, secrets
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.mounted import UNTOUCHED, mounted
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.overwrite import overwrite
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


def clean(
    disks: Sequence[str],
    partitions: Sequence[Partition],
    place: str,
    limit: float,
    known: Mapping[bytes, str],
    planted: Mapping[bytes, str],
) -> dict[str, Any]:
    """Overwrite and search; returns ``{"overwritten", "not_overwritten", "searched", "found"}``, in which no secret stands.

    ``known`` are the patterns of the template as it came, ``planted`` those of canaries. What a file has still is no residue, and
    of the former not searched for.
    """
    kept: dict[bytes, str] = {}
    found = []
    with contextlib.ExitStack() as held:
        decrypted = {part.disk: part for part in partitions if part.luks}
        handles = {disk: held.enter_context(_opened(disk)) for disk in (*disks, *decrypted)}
        done = overwrite(handles, partitions, place, limit, lambda directory: kept.update(secrets.of_tree(directory)))
        for handle in handles.values():
            os.fsync(handle)
        # What a file of any disk has still is residue on none.
        wanted = {**{pattern: what for pattern, what in known.items() if pattern not in kept}, **planted}
        for number, disk in enumerate(disks, 1):
            found += [{"what": wanted[pattern], "disk": number, "offset": at} for at, pattern in search.search(handles[disk], wanted)]
        for disk, part in decrypted.items():
            found += [
                {"what": f"{wanted[pattern]}, in {part.place}", "disk": part.disk_number, "offset": at}
                for at, pattern in search.search(handles[disk], wanted)
            ]
    return {"overwritten": done.size, "not_overwritten": done.remaining, "searched": len(wanted), "found": found}


@contextlib.contextmanager
def _opened(disk: str) -> Iterator[int]:
    handle = os.open(disk, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def known(partitions: Sequence[Partition], place: str) -> dict[bytes, str]:
    """The patterns of raw disks as they are; what cannot be mounted shows none."""
    found: dict[bytes, str] = {}
    for partition in partitions:
        if partition.filesystem in UNTOUCHED and not partition.refused:
            try:
                with mounted(partition, place, UNTOUCHED) as directory:
                    found.update(secrets.of_tree(directory))
            except ImageError:
                continue
    return found
