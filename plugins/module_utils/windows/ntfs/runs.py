# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the clusters of a stream lie: the runs of NTFS, each a length and the distance from the run before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# No stream of a real disk has more pieces.
_MOST = 1 << 20


class Run(NamedTuple):
    """So many clusters from ``first`` on, which is the number of a cluster of the stream; a hole has no ``place``."""

    first: int
    clusters: int
    place: int | None


class BadRuns(Exception):
    """Runs that cannot be true."""


def decoded(data: bytes, first: int, most: int) -> Iterator[Run]:
    """The runs of one attribute, whose first cluster has the number ``first``; a volume has ``most`` clusters."""
    at, place, number = 0, 0, 0
    while at < len(data) and data[at]:
        length, distance = data[at] & 15, data[at] >> 4
        if not 1 <= length <= 8 or distance > 8 or at + 1 + length + distance > len(data) or number >= _MOST:
            raise BadRuns
        count = int.from_bytes(data[at + 1 : at + 1 + length], "little")
        moved = int.from_bytes(data[at + 1 + length : at + 1 + length + distance], "little", signed=True)
        place += moved
        if not count or count > 1 << 40 or (distance and not 0 <= place <= most - count):
            raise BadRuns
        yield Run(first, count, place if distance else None)
        first += count
        number += 1
        at += 1 + length + distance
