# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far apart the runs of a timer of systemd are at most (systemd.time(7)), and lengths of time, both in hours."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from ansible_collections.hygeia.golden.plugins.module_utils.util.recurrence import longest_pause
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CALENDAR = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
}
_EXPRESSION = re.compile(
    r"(?:(?P<week>[A-Za-z]{3}[A-Za-z,.]*)\s*)?(?:(?:[\d*]+-)?(?P<month>[\d*,./]+)-(?P<day>[\d*,./]+))?\s*"
    r"(?:(?P<hour>[\d*,./]+):(?P<minute>[\d*,./]+)(?::[\d*,./]+)?)?(?:\s+[A-Z]\w*(?:/\w+)?)?",
    re.A,
)
_SPANS = {"y": 366 * 24, "m": 31 * 24, "w": 7 * 24, "d": 24, "h": 1}


def calendar(expressions: list[str]) -> float | None:
    """The gap of all ``OnCalendar=`` of a timer together; None when one of them is not understood."""
    found = [_EXPRESSION.fullmatch(_CALENDAR.get(text.strip(BLANKS).lower(), text.strip(BLANKS))) for text in expressions]
    understood = [match for match in found if match]
    if len(understood) < len(found):
        return None
    try:
        # What runs by several expressions runs at least as often as by the densest.
        gaps = [longest_pause(*_calendar(match)) for match in understood]
    except ValueError:
        return None
    return min((round(gap / 3600, 2) for gap in gaps if gap is not None), default=None)


def _calendar(match: re.Match[str]) -> tuple[Callable[[datetime.date], bool], set[int], set[int]]:
    week = _numbers((match["week"] or "*").rstrip(","), 0, 6, _DAYS)
    months, days = _numbers(match["month"] or "*", 1, 12), _numbers(match["day"] or "*", 1, 31)
    hours, minutes = _numbers(match["hour"] or "0", 0, 23), _numbers(match["minute"] or "0", 0, 59)
    return (lambda day: day.weekday() in week and day.month in months and day.day in days), hours, minutes


def _numbers(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """The numbers that a list of values, ranges and steps means."""
    found: set[int] = set()
    for part in text.lower().split(","):
        span, unused_slash, step = part.partition("/")
        start, ranged, end = span.replace("..", "-").partition("-")
        lowest = low if start == "*" else _number(start, names)
        highest = high if start == "*" or (step and not ranged) else _number(end, names) if ranged else lowest
        if not low <= lowest <= highest <= high:
            raise ValueError(part)
        found.update(range(lowest, highest + 1, int(step or 1)))
    return found


def _number(text: str, names: tuple[str, ...]) -> int:
    return names.index(text[:3]) if text[:3] in names else int(text)


def length(span: str) -> int | None:
    """A length of time in hours, such as ``30d`` or ``2y6m``, as backup programs write it; None when it is none."""
    parts = re.findall(r"(\d+)([A-Za-z])", span, re.A)
    whole = "".join(number + unit for number, unit in parts) == span.strip(BLANKS)
    if not parts or not whole or any(unit.lower() not in _SPANS for unused_n, unit in parts):
        return None
    return sum(int(number) * _SPANS[unit.lower()] for number, unit in parts)
