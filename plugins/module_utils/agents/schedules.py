# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far apart the runs of a job are at most, in hours: by cron (crontab(5)) and by systemd's timers (systemd.time(7))."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CRON = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
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
# A leap year and a bit, so that the rarest gap that counts is among them.
_FIRST, _LOOKED_AT = datetime.date(2024, 1, 1), 430
_SPANS = {"y": 366 * 24, "m": 31 * 24, "w": 7 * 24, "d": 24, "h": 1}


def cron(fields: list[str]) -> float | None:
    """The gap of five fields of a crontab, or of one such as ``@daily``; None when they say nothing that can be counted."""
    fields = words_of(_CRON.get(fields[0], "")) if fields[0].startswith("@") else fields
    try:
        minutes, hours, days = _numbers(fields[0], 0, 59), _numbers(fields[1], 0, 23), _numbers(fields[2], 1, 31)
        months = _numbers(fields[3], 1, 12, _MONTHS, 1)
        week = {number % 7 for number in _numbers(fields[4], 0, 7, _DAYS[-1:] + _DAYS, 0)}
    except (IndexError, ValueError):
        return None
    either = not fields[2].startswith("*") and not fields[4].startswith("*")

    def runs(day: datetime.date) -> bool:
        of_month, of_week = day.day in days, day.isoweekday() % 7 in week
        return day.month in months and (of_month or of_week if either else of_month and of_week)

    return _longest(runs, hours, minutes)


def calendar(expressions: list[str]) -> float | None:
    """The gap of all ``OnCalendar=`` of a timer together; None when one of them is not understood."""
    found = [_EXPRESSION.fullmatch(_CALENDAR.get(text.strip(BLANKS).lower(), text.strip(BLANKS))) for text in expressions]
    understood = [match for match in found if match]
    if len(understood) < len(found):
        return None
    try:
        # What runs by several expressions runs at least as often as by the densest.
        gaps = [_longest(*_calendar(match)) for match in understood]
    except ValueError:
        return None
    return min((gap for gap in gaps if gap is not None), default=None)


def _calendar(match: re.Match[str]) -> tuple[Callable[[datetime.date], bool], set[int], set[int]]:
    week = _numbers((match["week"] or "*").rstrip(","), 0, 6, _DAYS, 0)
    months, days = _numbers(match["month"] or "*", 1, 12), _numbers(match["day"] or "*", 1, 31)
    hours, minutes = _numbers(match["hour"] or "0", 0, 23), _numbers(match["minute"] or "0", 0, 59)
    return (lambda day: day.weekday() in week and day.month in months and day.day in days), hours, minutes


def _numbers(text: str, low: int, high: int, names: tuple[str, ...] = (), first: int = 0) -> set[int]:
    """The numbers that a list of values, ranges and steps means."""
    found: set[int] = set()
    for part in text.lower().split(","):
        span, unused_slash, step = part.partition("/")
        start, ranged, end = span.replace("..", "-").partition("-")
        lowest = low if start == "*" else _number(start, names, first)
        highest = high if start == "*" or (step and not ranged) else _number(end, names, first) if ranged else lowest
        if not low <= lowest <= highest <= high:
            raise ValueError(part)
        found.update(range(lowest, highest + 1, int(step or 1)))
    return found


def _number(text: str, names: tuple[str, ...], first: int) -> int:
    return names.index(text[:3]) + first if text[:3] in names else int(text)


def _longest(runs: Callable[[datetime.date], bool], hours: set[int], minutes: set[int]) -> float | None:
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    days = [number for number in range(_LOOKED_AT) if runs(_FIRST + datetime.timedelta(number))]
    if len(days) < 2:
        return None
    between = max(later - earlier for earlier, later in zip(days, days[1:])) * 1440 + times[0] - times[-1]
    within = max((later - earlier for earlier, later in zip(times, times[1:])), default=0)
    return round(max(between, within) / 60, 2)


def length(span: str) -> int | None:
    """A length of time in hours, such as ``30d`` or ``2y6m``, as backup programs write it; None when it is none."""
    parts = re.findall(r"(\d+)([A-Za-z])", span, re.A)
    whole = "".join(number + unit for number, unit in parts) == span.strip(BLANKS)
    if not parts or not whole or any(unit.lower() not in _SPANS for unused_n, unit in parts):
        return None
    return sum(int(number) * _SPANS[unit.lower()] for number, unit in parts)
