# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The period that a binder is about: a month, a quarter or a year, in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError

_NAME = re.compile(r"(?P<year>20\d\d|19\d\d)(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?", re.A)


@dataclass(frozen=True)
class Period:
    """``begin`` is its first day, ``end`` the first day after it, both as YYYY-MM-DD."""

    name: str
    title: str
    begin: str
    end: str

    def holds(self, moment: str) -> bool:
        return self.begin <= moment[:10] < self.end


def named(name: str) -> Period:
    """The period called 2026-11, 2026-Q4 or 2026."""
    found = _NAME.fullmatch(name)
    if not found:
        raise PolicyError(f"{name!r} is no period: write a month as 2026-11, a quarter as 2026-Q4, or a year as 2026")
    year, quarter, month = int(found["year"]), found["quarter"], found["month"]
    first, months = (int(month), 1) if month else (int(quarter) * 3 - 2, 3) if quarter else (1, 12)
    begin = date(year, first, 1)
    after = first + months
    end = date(year + (after > 12), after - 12 if after > 12 else after, 1)
    title = f"{begin:%B %Y}" if month else f"Quarter {quarter} of {year}" if quarter else str(year)
    return Period(name, title, begin.isoformat(), end.isoformat())
