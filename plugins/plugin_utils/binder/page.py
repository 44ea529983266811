# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""binder.html: one self-contained page for auditors; this is what the template sees."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.document import Document
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.patches import CLOSED, MISSED, STATES
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import page, words
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.page import SECTIONS
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.coverage import NOT_SERVED, OUT_OF_REACH
from jinja2 import Environment, FileSystemLoader, StrictUndefined


def rendered(found: Document, template: str) -> str:
    """The page as text; every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader(os.path.dirname(template)), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(day=page.day, moment=page.moment, heading=words.heading)
    return environment.get_template(os.path.basename(template)).render(view(found))


def view(found: Document) -> dict[str, Any]:
    """The document, with what a reader asks first counted."""
    rows = found["patches"]["rows"]
    states = Counter(row["state"] for row in rows)
    open_still = [row for row in found["failures"] if not row["fixed"]]
    return {
        "binder": found,
        "outcomes": Counter(run["outcome"] for run in found["runs"]),
        "frameworks": [_parts(covered) for covered in found["safeguards"]],
        "open": [row for row in open_still if not row["accepted"]],
        "accepted": [row for row in open_still if row["accepted"]],
        "fixed": [row for row in found["failures"] if row["fixed"]],
        "states": STATES,
        "counts": states,
        "missed": [row for row in rows if row["state"] in MISSED],
        "missed_by_fix": _grouped([row for row in rows if row["state"] in MISSED]),
        "waiting_by_fix": _grouped([row for row in rows if row["state"] not in (*MISSED, *CLOSED)]),
        "ended": found["made"][:10] >= found["period"]["end"],
        "kept": states["kept"],
        "problems": _problems(found),
    }


def _parts(covered: Mapping[str, Any]) -> dict[str, Any]:
    """The citations of a framework by its sections; those that nothing serves at the end, by their numbers."""
    parts: dict[str, list[Any]] = {}
    for row in covered["citations"]:
        if row["state"] not in (NOT_SERVED, OUT_OF_REACH):
            parts.setdefault(SECTIONS.get(row["citation"].partition("(")[0], ""), []).append(row)
    return {
        **covered,
        "parts": list(parts.items()),
        "unserved": [row for row in covered["citations"] if row["state"] == NOT_SERVED],
        "out_of_reach": [row for row in covered["citations"] if row["state"] == OUT_OF_REACH],
        "served": sum(len(rows) for rows in parts.values()),
    }


def _grouped(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for a vulnerability that met the same fate on several hosts."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(str(row[name]) for name in ("id", "package", "state", "due", "waiver"))
        group = found.setdefault(key, {**row, "hosts": [], "days": set()})
        group["hosts"].append(row["host"])
        group["days"] |= {row["closed"][:10]} if row["closed"] else set()
    return [{**group, "hosts": sorted(set(group["hosts"])), "days": sorted(group["days"])} for group in found.values()]


def _problems(found: Document) -> list[str]:
    """What keeps the binder from being relied on, a sentence each."""
    problems = []
    signatures = found["signatures"]
    if not found["runs"]:
        problems.append("No run ended in this period.")
    if found["unread"]:
        many = f"{len(found['unread'])} runs" if len(found["unread"]) > 1 else "1 run"
        problems.append(f"{many} could not be read, and no figure counts what is there.")
    if signatures["verified"] is None:
        problems.append("Signatures were not verified, because no signer was named.")
    elif signatures["problems"]:
        problems.append(f"{len(signatures['problems'])} of {signatures['runs']} runs do not verify.")
    for history in found["histories"]:
        if history["problems"]:
            problems.append(f"The history {history['name']} does not verify.")
    return problems
