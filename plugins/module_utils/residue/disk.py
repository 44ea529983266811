# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching the raw bytes of a disk, whatever file they belong to or belonged to; holes are not read."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import stored
from ansible_collections.hygeia.golden.plugins.module_utils.residue.nested import Nested, TimeIsUp
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import AHEAD, BEHIND, CHUNK, Window

_SHARE = 64 << 20


def search(path: str, nested: Nested, number: int = 0, of: int = 1) -> None:
    """Search every ``of``-th stretch of a raw image or a device."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
        for share in range(number * _SHARE, size, of * _SHARE):
            for start, end in stored(handle, share, min(share + _SHARE, size)):
                for window in _windows(handle, start, end):
                    if time.monotonic() > nested.deadline:
                        raise TimeIsUp
                    _search(nested, path, window)
    finally:
        os.close(handle)


def _windows(handle: int, start: int, end: int) -> Iterator[Window]:
    """Pieces of a stretch, each with what lies around it."""
    for low in range(start, end, CHUNK):
        high = min(low + CHUNK, end)
        base = max(0, low - BEHIND)
        yield Window(os.pread(handle, high + AHEAD - base, base), base, low - base, high - base)


def _search(nested: Nested, path: str, window: Window) -> None:
    searcher = nested.searcher
    searcher.searched += window.high - window.low
    if not window.data.strip(b"\0"):
        return
    searcher.window(path, path, window)
