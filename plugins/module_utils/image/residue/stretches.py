# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stretches of a disk, as pairs of start and end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Range = tuple[int, int]


def union(ranges: Iterable[Range]) -> list[Range]:
    """The same stretches sorted and without overlaps."""
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif start < end:
            joined.append((start, end))
    return joined


def without(whole: Range, taken: Iterable[Range]) -> Iterator[Range]:
    """What is left of one stretch when others are taken out of it."""
    start, end = whole
    for first, last in union(taken):
        if first >= end:
            break
        if first > start:
            yield start, first
        start = max(start, last)
    if start < end:
        yield start, end


def shifted(ranges: Iterable[Range], by: int) -> list[Range]:
    return [(start + by, end + by) for start, end in ranges]


def within(ranges: Iterable[Range], limit: int) -> list[Range]:
    """Refuse what reaches out of a partition, which only a damaged or forged filesystem claims."""
    ranges = list(ranges)
    for start, end in ranges:
        if not 0 <= start <= end <= limit:
            raise ValueError(f"it claims the bytes {start} to {end} of {limit}")
    return ranges
