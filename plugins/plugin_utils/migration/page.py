# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""migration.html: one self-contained page without scripts; this is what the template sees."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.concerns import ATTENTION, BLOCKED, READINESS, READY, UNKNOWN
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.not_one_to_one import ADVICE
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.pictures import calendar, graph, hosts
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import page
from jinja2 import Environment, FileSystemLoader, StrictUndefined

# Of a table so many rows are on the page; plan.json and waves.csv have them all.
MOST_ROWS = 100
# The classes of the style sheet, the marks beside the colours, and the words.
CLASSES = {READY: "pass", ATTENTION: "waived", UNKNOWN: "not_checked", BLOCKED: "fail"}
MARKS = {READY: "✓", ATTENTION: "!", UNKNOWN: "?", BLOCKED: "✕"}
CALLED = {READY: "ready", ATTENTION: "ready after a look", UNKNOWN: "not known", BLOCKED: "blocked"}


def rendered(plan: Mapping[str, Any], template: str) -> str:
    """The page as text; every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader(os.path.dirname(template)), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(day=page.day, gib=_gib)
    return environment.get_template(os.path.basename(template)).render(view(plan))


def view(plan: Mapping[str, Any]) -> dict[str, Any]:
    labels = {machine["id"]: machine["label"] for machine in plan["machines"]}
    category = {"critical": 0, "warning": 1, "information": 2}
    concerns = [each for each in plan["concerns"] if each["found"] or each["unknown"] or each["accepted"]]
    return {
        "plan": plan,
        "figures": plan["figures"],
        "states": [(state, plan["figures"][state]) for state in reversed(READINESS)],
        "classes": CLASSES,
        "marks": MARKS,
        "called": CALLED,
        "labels": labels,
        "most": MOST_ROWS,
        "calendar": calendar.picture(plan),
        "graph": graph.picture(plan),
        "hosts": hosts.picture(plan),
        "groups": {group["name"]: group for group in plan["groups"]},
        "concerns": sorted(concerns, key=lambda each: (category[each["category"]], -each["found"], -each["unknown"], each["id"])),
        "unscheduled": _by_reason(plan["unscheduled"]),
        "advice": [
            (sort, said, [row for row in plan["advice"] if row["advice"] == sort])
            for sort, said in ADVICE.items()
            if any(row["advice"] == sort for row in plan["advice"])
        ],
        "conflicts": [record for record in plan["records"] if record["status"] == "fail"],
    }


def _by_reason(unscheduled: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Groups without a day by what they wait for; one sentence often holds up many."""
    waiting: dict[str, list[Mapping[str, Any]]] = {}
    for each in unscheduled:
        waiting.setdefault(" ".join(each["reasons"]), []).append(each)
    rows = [
        {"why": why, "groups": [each["group"] for each in inside], "machines": sum(len(each["machines"]) for each in inside)}
        for why, inside in waiting.items()
    ]
    return sorted(rows, key=lambda row: (-int(str(row["machines"])), str(row["why"])))


def _gib(size: float | None) -> str:
    if size is None:
        return "not known"
    return f"{size:,.0f} GiB" if size < 10240 else f"{size / 1024:,.1f} TiB"
