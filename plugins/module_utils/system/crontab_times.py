# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The times of a line of cron, as Debian's cron reads them (crontab(5))."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.util import numbers
from ansible_collections.hygeia.golden.plugins.module_utils.util.recurrence import longest_pause

_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_REBOOT = "@reboot"
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat".split()
_WORD = re.compile("[0-9A-Za-z]+")


@dataclass(frozen=True)
class Times:
    """What the five fields mean; ``either`` when a day of one of the two fields of days is enough."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def on(self, day: datetime.date) -> bool:
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (of_month or of_week if self.either else of_month and of_week)


def parse(when: str) -> Times | None:
    """The times of five fields or of a nickname; None for @reboot. ValueError says what is wrong with it."""
    if when == _REBOOT:
        return None
    if when.startswith("@") and when not in _NICKNAMES:
        raise ValueError("a bad time specifier")
    fields = _NICKNAMES.get(when, when).split(" ")
    if len(fields) != 5:
        raise ValueError("too few fields")
    weekdays = _numbers(fields[4], "day of week", 0, 7, _DAYS)
    return Times(
        _numbers(fields[0], "minute", 0, 59),
        _numbers(fields[1], "hour", 0, 23),
        _numbers(fields[2], "day of month", 1, 31),
        _numbers(fields[3], "month", 1, 12, _MONTHS),
        frozenset(number % 7 for number in weekdays),
        not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def longest_gap(when: str) -> int | None:
    """The longest time in seconds between two starts; None when there are fewer than two days with one in two years."""
    times = parse(when)
    return longest_pause(times.on, times.hours, times.minutes) if times else None


def _numbers(field: str, name: str, low: int, high: int, names: Sequence[str] = ()) -> frozenset[int]:
    """The numbers of a list; whatever follows its last part is passed over."""
    found: set[int] = set()
    position, more = 0, True
    while more:
        if field.startswith("*", position):
            first, last, position = low, high, position + 1
            stepped = True
        else:
            first, position = _number(field, position, low, names)
            stepped = field.startswith("-", position)
            last, position = _number(field, position + 1, low, names) if stepped else (first, position)
        step = 1
        if field.startswith("/", position):
            step, position = _number(field, position + 1, 0) if stepped else (0, position)
        if step < 1 or not low <= first <= high or not low <= last <= high:
            raise ValueError(f"a bad {name}")
        found.update(range(first, last + 1, step))
        more = field.startswith(",", position)
        position += 1
    return frozenset(found)


def _number(field: str, position: int, low: int, names: Sequence[str] = ()) -> tuple[int, int]:
    """The number at a place, -1 for what is none, and where it ends; a name where the field has names."""
    found = _WORD.match(field, position)
    word = found[0].lower() if found else ""
    given = names.index(word) + low if word in names else numbers.number(word)
    return -1 if given is None else given, position + len(word)
