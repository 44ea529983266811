# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report across hosts: every open vulnerability by its age against its deadline, a picture first and then the table."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import SEVERITIES
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.deadlines import DUE, ON_TIME, OVERDUE, WAIVED
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.document import Plan
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.patch_plan import NO_FIX, Vulnerability
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import page
from jinja2 import Environment, FileSystemLoader, StrictUndefined

# What needs somebody first, and how it is called.
STATUSES = {OVERDUE: "overdue", DUE: "due soon", ON_TIME: "on time", WAIVED: "waived", NO_FIX: "no fix yet"}
# The picture in its own units: a row a host, and in it a lane a severity.
_WIDTH, _LEFT, _RIGHT, _LANE, _PAD, _TOP = 1000, 240, 24, 17, 12, 10
# The most that fits beside the picture.
_LONGEST_NAME = 21
_TICKS = (0, 7, 15, 30, 60, 90, 180, 365, 730, 1460, 3650)
# Of a table so many rows are shown; plan.json has them all.
MOST_ROWS = 2000

# A vulnerability of a host as the page shows it.
Row = dict[str, Any]


def rendered(plans: Sequence[Plan], template: str, today: str) -> str:
    """The page as text; every value is escaped."""
    directory = os.path.dirname(template)
    environment = Environment(
        loader=FileSystemLoader(directory), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(day=page.day)
    return environment.get_template(os.path.basename(template)).render(view(plans, today))


def view(plans: Sequence[Plan], today: str) -> dict[str, Any]:
    """What the template sees."""
    plans = sorted(plans, key=lambda plan: plan["host"])
    rows = [_row(entry, plan, today) for plan in plans for entry in plan["vulnerabilities"]]
    order = list(STATUSES)
    rows.sort(
        key=lambda row: (
            order.index(row["status"]),
            row["days_left"] if row["days_left"] is not None else 9999,
            -SEVERITIES.index(row["severity"]),
            row["id"],
            row["host"],
        )
    )
    feeds = {(feed["name"], feed["sha256"]): feed for plan in plans for feed in plan["feeds"]}
    return {
        "today": today,
        "plans": plans,
        "rows": rows[:MOST_ROWS],
        "left_out": max(0, len(rows) - MOST_ROWS),
        "total": len(rows),
        "distinct": len({row["id"] for row in rows}),
        "counts": [(status, STATUSES[status], sum(row["status"] == status for row in rows)) for status in STATUSES],
        "called": STATUSES,
        "closable": sum(row["closed_by_update"] for row in rows),
        "problems": [plan for plan in plans if plan["problem"]],
        "unasked": [plan for plan in plans if not plan["problem"] and not plan["feeds"]],
        "feeds": [feeds[name] for name in sorted(feeds)],
        "picture": _picture(plans, rows) if rows else None,
    }


def _row(entry: Vulnerability, plan: Plan, today: str) -> dict[str, Any]:
    age = (date.fromisoformat(today) - date.fromisoformat(entry["identified"])).days
    clock = entry["clock_started"]
    running = (date.fromisoformat(today) - date.fromisoformat(clock)).days if clock else None
    return {**entry, "host": plan["host"], "age": age, "running": running}


# -- the picture ------------------------------------------------------------------


def _picture(plans: Sequence[Plan], rows: Sequence[Row]) -> dict[str, Any]:
    """Points and lines by their places.

    Across is the age in days, on a scale that has room for the last weeks and
    for years. Each point is what is open on one host with one severity, one
    age and one deadline, as large as there are many.
    """
    furthest = max([30, *(row["age"] for row in rows), *(_end(row) for row in rows)])
    furthest = next((tick for tick in _TICKS if tick >= furthest), furthest)

    def across(days: int) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (max(0, days) / furthest) ** 0.5, 1)

    hosts, y = [], _TOP
    for plan in plans:
        mine = [row for row in rows if row["host"] == plan["host"]]
        lanes, top = [], y + _PAD
        for severity in reversed([severity for severity in SEVERITIES if any(row["severity"] == severity for row in mine)]):
            lanes.append(
                {
                    "severity": severity,
                    "y": top + _LANE // 2,
                    "points": _points([row for row in mine if row["severity"] == severity], across),
                }
            )
            top += _LANE
        bottom = max(top, y + _PAD + _LANE) + _PAD
        hosts.append(
            {
                "name": _short(plan["host"]),
                "full": plan["host"],
                "top": y,
                "bottom": bottom,
                "lanes": lanes,
                "problem": plan["problem"],
                "checked": bool(plan["feeds"]),
            }
        )
        y = bottom
    ticks = [{"x": across(tick), "days": tick} for tick in _TICKS if tick <= furthest]
    return {
        "width": _WIDTH,
        "height": y + 40,
        "left": _LEFT,
        "right": _WIDTH - _RIGHT,
        "top": _TOP,
        "bottom": y,
        "hosts": hosts,
        "ticks": ticks,
    }


def _end(row: Row) -> int:
    """The age that a vulnerability will have, or had, at its deadline."""
    return row["age"] + row["days_left"] if row["days_left"] is not None else 0


def _points(rows: Sequence[Row], across: Callable[[int], float]) -> list[dict[str, Any]]:
    grouped: dict[tuple[int, str, int | None], list[str]] = {}
    for row in rows:
        grouped.setdefault((row["age"], row["status"], row["days_left"]), []).append(row["id"])
    return [
        {
            "x": across(age),
            "end": across(age + left) if left is not None and status != WAIVED else None,
            "status": status,
            "radius": round(min(8.0, 2.6 + 0.9 * (len(ids) - 1) ** 0.5), 1),
            "description": _description(ids, age, status, left),
        }
        for (age, status, left), ids in sorted(grouped.items(), key=_drawn)
    ]


def _drawn(group: tuple[tuple[int, str, int | None], list[str]]) -> tuple[int, int]:
    """What needs somebody is drawn last, over the rest, and small points over large ones."""
    (unused_age, status, unused_left), ids = group
    return -list(STATUSES).index(status), -len(ids)


def _description(ids: list[str], age: int, status: str, left: int | None) -> str:
    named = ", ".join(sorted(ids)[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
    when = "" if left is None else f", {-left} days past the deadline" if left < 0 else f", {left} days left"
    return f"{named}: open for {age} days, {STATUSES[status]}{when}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
