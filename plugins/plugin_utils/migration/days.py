# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The days on which machines may move: weekdays, freezes, and windows as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A plan that goes on for longer than this has no capacity.
FURTHEST = 5 * 366
_DAY = r"(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_SPAN = re.compile(rf"\b{_DAY}\b(?:\s*(?:-|to)\s*\b{_DAY}\b)?", re.I)
_SETS = {"weekend": ("sat", "sun"), "weekday": WEEKDAYS[:5], "daily": WEEKDAYS, "any": WEEKDAYS}


def weekdays_of(window: str) -> frozenset[str]:
    """The weekdays of a window such as ``Sat 22:00-04:00``, ``Mon-Fri nights`` or ``weekends``; empty if it names none."""
    found: set[str] = set()
    for first, last in _SPAN.findall(window):
        start, end = (WEEKDAYS.index(name[:3].lower()) for name in (first, last or first))
        found |= {WEEKDAYS[at % 7] for at in range(start, end + 1 if end >= start else end + 8)}
    for word, days in _SETS.items():
        if re.search(rf"\b{word}s?\b", window, re.I):
            found |= set(days)
    return frozenset(found)


def allowed(start: str, weekdays: Sequence[str], freezes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The days from a start on which something may move, in their order."""
    first = date.fromisoformat(start)
    for ahead in range(FURTHEST):
        day = (first + timedelta(days=ahead)).isoformat()
        if weekday(day) in weekdays and not any(freeze["from"] <= day <= freeze["to"] for freeze in freezes):
            yield day


def weekday(day: str) -> str:
    return WEEKDAYS[date.fromisoformat(day).weekday()]


def later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def between(one: str, other: str) -> int:
    return abs((date.fromisoformat(other) - date.fromisoformat(one)).days)
