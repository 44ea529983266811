# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""fleet.html: one page about all hosts, pictures first and then tables; this is what the template sees.

The hosts are in the page as data too, from which its script makes the rows that are looked at: a table of ten thousand would take long to open.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet.figures import Document, Row
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import page, words
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

# Of a table so many rows are on the page; the CSV files have them all. Of groups those with the most hosts are in the heat map.
MOST_ROWS = 100
MOST_GROUPS = 12
# How a host is shown in the data of the page.
COLUMNS = (
    "host", "groups", "profile", "image", "image_version", "image_age", "seen", "days", "percent", "fail", "error", "serious", "waived",
    "not_checked", "overdue", "drift", "unexplained", "trend",
)  # fmt: skip
# From which share of passed controls on a cell of the heat map has which shade.
SHADES = ((100, "h0"), (98, "h1"), (95, "h2"), (90, "h3"), (75, "h4"), (50, "h5"), (0, "h6"))
_LOWEST_BIN, _BIN = 50, 5


def rendered(found: Document, template: str) -> str:
    """The page as text; every value is escaped."""
    script = page.own_script(template)
    environment = Environment(
        loader=FileSystemLoader(os.path.dirname(template)), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(day=page.day, moment=page.moment, area_title=words.area_title, shown=shown, spark=spark, grouped=grouped)
    return environment.get_template(os.path.basename(template)).render(
        view(found), script=Markup(script), script_digest=page.digest(script), data=data(found["hosts"])
    )


def view(found: Document) -> dict[str, Any]:
    """The document, arranged as a reader wants to meet it."""
    hosts, silent = found["hosts"], found["limits"]["silent"]
    passed, applicable = (sum(row[name] for row in found["trend"][-1:]) for name in ("passed", "applicable"))
    return {
        "fleet": found,
        "most": MOST_ROWS,
        "percent": share(passed, applicable),
        "gained": _gained(found["trend"]),
        "serious": [row for row in hosts if row["serious"]],
        "late": [row for row in hosts if row["overdue"]],
        "unexplained": [row for row in hosts if row["unexplained"]],
        "unknown_patches": sum(row["overdue"] is None for row in hosts),
        "uncompared": sum(row["drift"] is None for row in hosts),
        "silent": sorted((row for row in hosts if row["days"] > silent), key=lambda row: (-row["days"], row["host"])),
        "unchecked": [row for row in hosts if row["percent"] is None],
        "trend": _trend(found["trend"]),
        "bins": _bins(hosts),
        "heat": _heat(found["areas"]),
        "classes": _classes(found["drift"]),
        "groups": sorted({name for row in hosts for name in row["groups"]}),
        "columns": COLUMNS,
    }


def counts(found: Document) -> dict[str, Any]:
    """What stands at the top of the page."""
    seen = view(found)
    named = {"serious": "serious", "overdue": "late", "unexplained": "unexplained", "silent": "silent", "unchecked": "unchecked"}
    return {"hosts": len(found["hosts"]), **{name: len(seen[part]) for name, part in named.items()}, "percent": seen["percent"]}


def data(hosts: Sequence[Row]) -> Markup:
    """The hosts for the script, as JSON in which nothing ends the element that it is in."""
    rows = [[row[name] if name != "trend" else _letters(row["trend"]) for name in COLUMNS] for row in hosts]
    text = json.dumps({"columns": COLUMNS, "rows": rows}, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def share(part: int, whole: int) -> float | None:
    """Per cent with one digit, rounded down: 100 is all of them."""
    return 1000 * part // whole / 10 if whole else None


def shown(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def grouped(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def _gained(trend: Sequence[Row]) -> float | None:
    """How many points more passed than on the first day of the trend that has a run."""
    shares = [share(row["passed"], row["applicable"]) for row in trend]
    known = [each for each in shares if each is not None]
    return round(known[-1] - known[0], 1) if len(known) > 1 else None


# -- pictures -------------------------------------------------------------------


def _trend(trend: Sequence[Row]) -> dict[str, Any] | None:
    """A line by its places: across the days, up the share of passed controls, on a scale that begins below the lowest."""
    points = [(row, known) for row in trend for known in [share(row["passed"], row["applicable"])] if known is not None]
    if not points:
        return None
    width, height, left, right, top, bottom = 400, 170, 28, 12, 14, 24
    lowest = min(known for unused_row, known in points)
    begin = max(0, int(lowest) // 5 * 5 - (5 if lowest % 5 < 1 else 0))
    span = width - left - right

    def up(known: float) -> float:
        return round(top + (height - top - bottom) * (100 - known) / (100 - begin or 1), 1)

    places = [(round(left + span * number / max(1, len(points) - 1), 1), up(known)) for number, (unused_row, known) in enumerate(points)]
    step = next(each for each in (1, 2, 5, 10, 20, 25) if (100 - begin) / each <= 5)
    return {
        "width": width,
        "height": height,
        "left": left,
        "right": width - right,
        "bottom": height - bottom,
        "line": " ".join(f"{x},{y}" for x, y in places),
        "points": [
            {"x": x, "y": y, "day": row["day"], "percent": known, "hosts": row["hosts"]} for (x, y), (row, known) in zip(places, points)
        ],
        "ticks": [{"y": up(value), "value": value} for value in range(begin, 101, step)],
    }


def _bins(hosts: Sequence[Row]) -> dict[str, Any]:
    """How many hosts have which score, as bars by their places."""
    begins = [0, *range(_LOWEST_BIN, 100, _BIN), 100]
    counts = Counter(max(begin for begin in begins if begin <= row["percent"]) for row in hosts if row["percent"] is not None)
    unchecked = sum(row["percent"] is None for row in hosts)
    names = [
        (begin, f"under {_LOWEST_BIN}" if not begin else "100" if begin == 100 else f"{begin} to {begin + _BIN - 1}") for begin in begins
    ]
    groups = [(name, counts[begin], "pass" if begin >= 90 else "waived" if begin >= 75 else "fail") for begin, name in names]
    groups += [("not checked", unchecked, "not_checked")] if unchecked else []
    width, left, top, row = 400, 64, 2, 14
    longest = max([1, *(count for unused_name, count, unused_sort in groups)])
    bars = [
        {"name": name, "count": count, "sort": sort, "y": top + number * row, "width": round((width - left - 44) * count / longest, 1)}
        for number, (name, count, sort) in enumerate(groups)
    ]
    return {"width": width, "height": top + len(bars) * row + 4, "left": left, "bars": bars}


def _heat(areas: Sequence[Row]) -> dict[str, Any]:
    """Areas by groups: the share of applicable controls that passed on the hosts of a group."""
    sizes: dict[str, int] = {}
    for row in areas:
        sizes[row["group"]] = max(row["hosts"], sizes.get(row["group"], 0))
    groups = sorted(sizes, key=lambda name: (-sizes[name], name))
    chosen = sorted(groups[:MOST_GROUPS])
    cells = {(row["area"], row["group"]): row for row in areas}
    rows = []
    for area in dict.fromkeys(row["area"] for row in areas):
        found = [_cell(cells.get((area, group))) for group in chosen]
        whole = [row for row in areas if row["area"] == area]
        rows.append(
            {"area": area, "cells": found, "worst": min((cell["percent"] for cell in found if cell["percent"] is not None), default=101)}
        )
        rows[-1]["applicable"] = sum(row["applicable"] for row in whole)
    rows = [row for row in rows if row["applicable"]]
    return {
        "groups": [{"name": name, "hosts": sizes[name]} for name in chosen],
        "left_out": len(groups) - len(chosen),
        "rows": sorted(rows, key=lambda row: (row["worst"], row["area"])),
    }


def _cell(row: Row | None) -> dict[str, Any]:
    percent = share(row["passed"], row["applicable"]) if row else None
    shade = next((name for limit, name in SHADES if percent is not None and percent >= limit), "none")
    return {
        "percent": percent,
        "shade": shade,
        "failed": row["applicable"] - row["passed"] if row else 0,
        "hosts": row["hosts"] if row else 0,
    }


def _classes(drift: Sequence[Row]) -> list[tuple[str, int]]:
    """How many differences are of which class, those that nothing explains first."""
    counts: Counter[str] = Counter()
    for row in drift:
        counts[row["class"]] += row["hosts"]
    return sorted(counts.items(), key=lambda each: (each[0] != "unexplained", -each[1], each[0]))


def spark(trend: Sequence[int | None] | None) -> str:
    """The places of a small line of a host's score over the days: the last day is on the right."""
    return _line(_letters(trend))


# A score as a letter, in steps of two, and - where there is none: 30 letters instead of 30 numbers for each of 10,000 hosts.
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _letters(trend: Sequence[int | None] | None) -> str:
    return "".join("-" if known is None else _ALPHABET[known // 2] for known in trend or ())


def _line(letters: str) -> str:
    """As the page's script does it too: 2 across for each day, and up what is above 50, where scores differ."""
    return " ".join(
        f"{2 * number},{min(20, 20 - (_ALPHABET.index(letter) - 25) * 0.8):.1f}" for number, letter in enumerate(letters) if letter != "-"
    )
