# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The calendar: a row for each wave, or for each month where there are many, and arcs for dependencies that cross rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.concerns import READINESS

# In the units of the picture.
_WIDTH, _LEFT, _RIGHT, _ROW, _BAR, _TOP = 1000, 190, 840, 34, 20, 8
# More waves than this are shown by month.
MOST_ROWS = 30
# Of a row with more groups than this, the readiness is shown instead of the groups.
_MOST_PARTS = 60
_MOST_ARCS = 48
# A name stands in its bar if it has room for it.
_LETTER = 6.6


def picture(plan: Mapping[str, Any]) -> dict[str, Any] | None:
    if not plan["waves"]:
        return None
    rows, row_of = _rows(plan["waves"])
    widest = max(row["machines"] for row in rows)
    scale = (_RIGHT - _LEFT) / widest
    groups = {group["name"]: group for group in plan["groups"]}
    states = {machine["id"]: machine["readiness"] for machine in plan["machines"]}
    moving = {name: wave["name"] for wave in plan["waves"] for name in wave["machines"]}
    for at, row in enumerate(rows):
        row.update(y=_TOP + at * _ROW, bar=_TOP + at * _ROW + (_ROW - _BAR) // 2)
        row["parts"] = _parts(row, groups, states, moving, scale)
    return {
        "width": _WIDTH,
        "height": _TOP * 2 + len(rows) * _ROW,
        "left": _LEFT,
        "bar": _BAR,
        "rows": rows,
        "arcs": _arcs(plan["crossing"], row_of, rows),
        "by_month": len(rows) != len(plan["waves"]),
    }


def _rows(waves: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """The rows, and the row of each wave by its number."""
    if len(waves) <= MOST_ROWS:
        rows = [
            {"title": _day(wave["day"]), "name": f"{wave['number']}. {wave['phase']}", "waves": [wave], "machines": len(wave["machines"])}
            for wave in waves
        ]
        return rows, {wave["number"]: at for at, wave in enumerate(waves)}
    months: dict[str, list[Mapping[str, Any]]] = {}
    for wave in waves:
        months.setdefault(wave["day"][:7], []).append(wave)
    rows = [
        {
            "title": f"{date.fromisoformat(month + '-01'):%B %Y}",
            "name": f"{len(inside)} waves" if len(inside) > 1 else "1 wave",
            "waves": inside,
            "machines": sum(len(wave["machines"]) for wave in inside),
        }
        for month, inside in months.items()
    ]
    return rows, {wave["number"]: at for at, inside in enumerate(months.values()) for wave in inside}


def _day(text: str) -> str:
    when = date.fromisoformat(text)
    return f"{when:%a} {when.day} {when:%b %Y}"


def _parts(
    row: Mapping[str, Any], groups: Mapping[str, Any], states: Mapping[str, str], moving: Mapping[str, str], scale: float
) -> list[dict[str, Any]]:
    names = [(wave["name"], name) for wave in row["waves"] for name in wave["groups"]]
    if len(names) > _MOST_PARTS:
        return _by_readiness(row, scale)
    parts, x = [], float(_LEFT)
    for wave, name in names:
        group = groups[name]
        inside = [identifier for identifier in group["machines"] if moving.get(identifier) == wave]
        width = len(inside) * scale
        worst = min((states[identifier] for identifier in inside), key=READINESS.index, default=READINESS[-1])
        parts.append(
            {
                "x": round(x, 1),
                "width": round(max(width - 1.5, 1.0), 1),
                "readiness": worst,
                "tier_1": group["tier"] == 1,
                "name": _short(name, width),
                "full": f"{name}: {_machines(len(inside))}, tier {group['tier'] or 'unknown'}, {worst}",
            }
        )
        x += width
    return parts


def _by_readiness(row: Mapping[str, Any], scale: float) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for wave in row["waves"]:
        counts.update(wave["readiness"])
    parts, x = [], float(_LEFT)
    for state in READINESS:
        width = counts[state] * scale
        if counts[state]:
            parts.append(
                {
                    "x": round(x, 1),
                    "width": round(max(width - 1.5, 1.0), 1),
                    "readiness": state,
                    "tier_1": False,
                    "name": _short(str(counts[state]), width),
                    "full": f"{_machines(counts[state])}: {state}",
                }
            )
        x += width
    return parts


def _short(name: str, width: float) -> str:
    room = int((width - 10) / _LETTER)
    if room < 3:
        return ""
    return name if len(name) <= room else name[: room - 1] + "…"


def _machines(number: int) -> str:
    return "1 machine" if number == 1 else f"{number} machines"


def _arcs(crossing: Sequence[Mapping[str, Any]], row_of: Mapping[int, int], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Between rows, on their right; the more dependencies, the wider. The widest ones are drawn."""
    counts: Counter[tuple[int, int]] = Counter()
    for each in crossing:
        source, destination = each["waves"]
        if source and destination:
            ends = sorted((row_of[source], row_of[destination]))
            if ends[0] != ends[1]:
                counts[ends[0], ends[1]] += 1
    chosen = sorted(counts, key=lambda ends: (-counts[ends], ends))[:_MOST_ARCS]
    longest = max((last - first for first, last in chosen), default=1)
    return [
        {
            "path": _arc(rows[first]["y"] + _ROW // 2, rows[last]["y"] + _ROW // 2, (last - first) / longest),
            "stroke": round(min(6.0, 1 + counts[first, last] ** 0.5 / 2), 1),
            "full": f"{counts[first, last]} dependencies between {rows[first]['title']} and {rows[last]['title']}",
        }
        for first, last in chosen
    ]


def _arc(top: float, bottom: float, reach: float) -> str:
    x, out = _RIGHT + 14, round(30 + 100 * reach, 1)
    return f"M{x} {top} C{x + out} {top} {x + out} {bottom} {x} {bottom}"
