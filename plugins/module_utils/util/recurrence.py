# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long something that recurs pauses at most, by the days and the times of day at which it happens."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection

# Days to look at: more than two years, among them the longest pause of what happens once a year, over a leap day.
_FIRST, _LOOKED_AT = datetime.date(2027, 1, 1), 800


def longest_pause(on: Callable[[datetime.date], bool], hours: Collection[int], minutes: Collection[int]) -> int | None:
    """The longest time between two events, in seconds; None when there are fewer than two days with one in two years."""
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    days = [number for number in range(_LOOKED_AT) if on(_FIRST + datetime.timedelta(number))]
    if not times or len(days) < 2:
        return None
    over_night = max(later - earlier for earlier, later in zip(days, days[1:])) * 1440 + times[0] - times[-1]
    return max([over_night, *(later - earlier for earlier, later in zip(times, times[1:]))]) * 60
