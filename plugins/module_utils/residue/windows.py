# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file, a part of an archive or a disk as pieces that overlap, so that what lies across an edge is seen whole in one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

CHUNK = 4 << 20
# How much is seen before and after the part of a piece that is searched.
BEHIND, AHEAD = 4 << 10, 64 << 10

Read = Callable[[int], bytes]


@dataclass
class Window:
    """``data`` lies at ``base``; what begins from ``low`` up to ``high`` in it is searched for here and in no other piece."""

    data: bytes
    base: int
    low: int
    high: int

    @cached_property
    def lowered(self) -> bytes:
        return self.data.lower()


def windows(read: Read, base: int = 0) -> Iterator[Window]:
    """The pieces of what ``read`` returns until it returns nothing; where it fails, what came before is a piece still."""
    data, low = b"", 0
    while True:
        more, problem = _filled(read, low + CHUNK + AHEAD - len(data))
        data += more
        high = len(data) if len(data) < low + CHUNK + AHEAD else low + CHUNK
        yield Window(data, base, low, high)
        if problem:
            raise problem
        if high == len(data):
            return
        kept = max(0, high - BEHIND)
        data, base, low = data[kept:], base + kept, high - kept


def _filled(read: Read, size: int) -> tuple[bytes, Exception | None]:
    """That many bytes, unless the end or a problem comes first."""
    pieces = []
    try:
        while size > 0:
            piece = read(size)
            if not piece:
                break
            pieces.append(piece)
            size -= len(piece)
    except Exception as problem:
        return b"".join(pieces), problem
    return b"".join(pieces), None
