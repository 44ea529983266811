# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching the raw bytes of a disk, whatever file they belong to or belonged to; holes are not read.

Archives are opened wherever a sector begins like one, for of a deleted one nothing else tells that it is there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import Range
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import stored
from ansible_collections.hygeia.golden.plugins.module_utils.residue import carving
from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.nested import Nested, TimeIsUp
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import AHEAD, BEHIND, CHUNK, Window

_SHARE = 64 << 20


@dataclass(frozen=True)
class Disk:
    """A raw image or a device, by what it is called in results and by its path.

    ``searched`` are the stretches whose files were searched one by one, with the archives among them.
    """

    name: str
    path: str
    searched: tuple[Range, ...] = ()


def search(disk: Disk, searcher: Searcher, nested: Nested, number: int = 0, of: int = 1) -> None:
    """Search every ``of``-th stretch of a disk by the rules of ``searcher``, and what archives on it hold by those of ``nested``."""
    handle = os.open(disk.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
        for share in range(number * _SHARE, size, of * _SHARE):
            opened = carving.Carver(handle, size, disk.name, nested)
            for start, end in stored(handle, share, min(share + _SHARE, size)):
                for window in _windows(handle, start, end):
                    if time.monotonic() > nested.deadline:
                        raise TimeIsUp
                    _search(disk, searcher, window)
                    for place, kind in carving.places(window):
                        if not any(first <= place < last for first, last in disk.searched):
                            opened.open(place, kind)
    finally:
        os.close(handle)


def _windows(handle: int, start: int, end: int) -> Iterator[Window]:
    """Pieces of a stretch, each with what lies around it."""
    for low in range(start, end, CHUNK):
        high = min(low + CHUNK, end)
        base = max(0, low - BEHIND)
        yield Window(os.pread(handle, high + AHEAD - base, base), base, low - base, high - base)


def _search(disk: Disk, searcher: Searcher, window: Window) -> None:
    searcher.searched += window.high - window.low
    if window.data.strip(b"\0"):
        searcher.window(disk.name, disk.name, window)
