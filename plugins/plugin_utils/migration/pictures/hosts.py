# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts before and after: a square for each, those of the new platform as full as their memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH, _LEFT, _SIDE, _GAP, _TITLE = 1000, 230, 20, 4, 26
_ACROSS = (_WIDTH - _LEFT - 10) // (_SIDE + _GAP)


def picture(plan: Mapping[str, Any]) -> dict[str, Any] | None:
    before = plan["hosts"]["before"]
    if not before and not plan["hosts"]["clusters"]:
        return None
    rows, y = [], 8
    for title, clusters in (("Today", [_today(each) for each in before]), ("After", [_after(each) for each in plan["hosts"]["clusters"]])):
        rows.append({"heading": title, "y": y + 14, "squares": [], "name": "", "note": "" if clusters else "no source says"})
        y += _TITLE
        for cluster in clusters:
            lines = -(-max(1, len(cluster["squares"])) // _ACROSS)
            squares = [
                {
                    **square,
                    "x": _LEFT + at % _ACROSS * (_SIDE + _GAP),
                    "y": y + at // _ACROSS * (_SIDE + _GAP),
                    "fill": round(_SIDE * square["full"], 1),
                }
                for at, square in enumerate(cluster["squares"])
            ]
            rows.append({"heading": "", "name": cluster["name"], "note": cluster["note"], "y": y + 14, "squares": squares})
            y += lines * (_SIDE + _GAP) + 14
        y += 6
    return {"width": _WIDTH, "height": y, "side": _SIDE, "left": _LEFT, "rows": rows}


def _today(cluster: Mapping[str, Any]) -> dict[str, Any]:
    squares: Sequence[dict[str, Any]] = [{"kind": "today", "full": 1.0, "title": cluster["name"]} for _host in range(cluster["hosts"])]
    return {"name": _short(cluster["name"]), "note": f"{cluster['hosts']} hosts", "squares": squares}


def _after(cluster: Mapping[str, Any]) -> dict[str, Any]:
    squares = [
        {
            "kind": "new",
            "full": min(1.0, max(0.0, each["used"].get("memory_mib", 0))),
            "title": f"{cluster['name']}: {len(each['machines'])} machines, "
            + ", ".join(f"{name.replace('_mib', '')} {share * 100:.0f} %" for name, share in each["used"].items()),
        }
        for each in cluster["layout"]
    ]
    squares += [
        {"kind": "spare", "full": 0.0, "title": f"{cluster['name']}: in reserve"}
        for _host in range(cluster["spare_hosts"] + cluster["reserve_hosts"])
    ]
    return {"name": _short(cluster["name"]), "note": f"{cluster['hosts']} hosts", "squares": squares}


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"
