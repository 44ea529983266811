# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines of cron and scripts of run-parts: which one starts the backup, and the longest time between two of its starts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

_NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat".split()
_DIRECTORIES = {"hourly": "@hourly", "daily": "@daily", "weekly": "@weekly", "monthly": "@monthly"}
# Files with a user beside the time, and files of one user each.
_SYSTEM = ("/etc/crontab", "/etc/cron.d/*")
_USERS = ("/var/spool/cron/crontabs/*", "/var/spool/cron/*")
# run-parts and cron.d pass over other names.
_RUN = re.compile(r"[A-Za-z0-9_-]+")
# Days to look at, from one that starts no leap year.
_FIRST, _HORIZON = date(2026, 1, 1), 800


@dataclass(frozen=True)
class Line:
    """When a line starts its command, as cron writes it, and in which file it stands."""

    when: str
    read_from: str


def find(host: Host, text: str) -> Line | None:
    """The first line or script that is in force and has the text."""
    return next((line for line, command in _all(host) if text in command), None)


def _all(host: Host) -> Iterator[tuple[Line, str]]:
    for patterns, has_user in ((_SYSTEM, True), (_USERS, False)):
        for path in (found for pattern in patterns for found in host.glob(pattern)):
            if os.path.isfile(host.path(path)) and (not has_user or _RUN.fullmatch(os.path.basename(path))):
                yield from _lines(host, path, has_user)
    for directory, when in _DIRECTORIES.items():
        for path in host.glob(f"/etc/cron.{directory}/*"):
            if _RUN.fullmatch(os.path.basename(path)) and os.access(host.path(path), os.X_OK):
                yield Line(when, path), f"{path}\n{host.read(path)}"


def _lines(host: Host, path: str, has_user: bool) -> Iterator[tuple[Line, str]]:
    for line in host.lines(path):
        fields = 1 if line.lstrip(BLANKS).startswith("@") else 5
        words = words_of(line, fields + has_user)
        if len(words) == fields + has_user + 1 and re.match(r"[0-9*@]", words[0]):
            yield Line(" ".join(words[:fields]), path), words[-1]


def longest_gap(when: str) -> int | None:
    """The longest time in seconds between two starts; None when it starts less than twice in two years."""
    when = _NAMES.get(when.lower(), when)
    if len(words_of(when)) != 5:
        return None  # such as @reboot
    minutes, hours, days, months, weekdays = (
        _values(field, *limits)
        for field, limits in zip(words_of(when), ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, _MONTHS), (0, 7, _DAYS)))
    )
    # cron takes the days of both fields where neither is a star.
    either = not words_of(when)[2].startswith("*") and not words_of(when)[4].startswith("*")
    matching = [number for number in range(_HORIZON) if _on(_FIRST + timedelta(days=number), days, months, weekdays, either)]
    within = [hour * 60 + minute for hour in sorted(hours) for minute in sorted(minutes)]
    gaps = [later - earlier for earlier, later in zip(within, within[1:])] if matching else []
    gaps += [(later - earlier) * 1440 - within[-1] + within[0] for earlier, later in zip(matching, matching[1:])]
    return max(gaps) * 60 if gaps else None


def _on(day: date, days: set[int], months: set[int], weekdays: set[int], either: bool) -> bool:
    """Does a line start its command on this day?"""
    of_month, of_week = day.day in days, day.isoweekday() % 7 in {value % 7 for value in weekdays}
    return day.month in months and ((of_month or of_week) if either else (of_month and of_week))


def _values(field: str, low: int, high: int, names: Sequence[str] = ()) -> set[int]:
    """The numbers of a field such as *, 1-5, */15, 2,4 or mon-fri."""
    found: set[int] = set()
    for part in field.lower().split(","):
        span, unused_slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(first, names, low)
            end = _number(last, names, low) if dash else (high if step else start)
        found.update(range(start, end + 1, int(step or 1)))
    return found


def _number(word: str, names: Sequence[str], low: int) -> int:
    return names.index(word) + low if word in names else int(word)
