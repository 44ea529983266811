# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The auditor's question: what do the results say about each citation of a framework?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_APPLICABLE, NOT_CHECKED, PASS, STATUSES, WAIVED, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import by_control, ours, verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import FAILED, counted

FAILING, PROVEN, NOT_SERVED, OUT_OF_REACH = "failing", "proven", "not_served", "out_of_reach"
STATES = (FAILING, WAIVED, NOT_CHECKED, PROVEN, NOT_SERVED, OUT_OF_REACH)

# The state of a citation that controls serve is the first for which one of them has such a verdict.
_PRECEDENCE = ((FAILING, FAILED), (WAIVED, (WAIVED,)), (PROVEN, (PASS,)), (NOT_CHECKED, (NOT_CHECKED, NOT_APPLICABLE)))

MEANING = (
    "A system shows a part of a citation at most. Proven says that the controls which serve it hold as far as they could be decided, "
    "and never that the citation is met."
)


def coverage(records: Sequence[Record], framework: Entry, controls: Sequence[Entry] = ()) -> dict[str, Any]:
    """What the records say about each citation; ``controls`` of the profile that have no record are not checked."""
    serving = _serving(records, framework["id"], controls)
    known = framework["citations"]
    unlisted = sorted((citation for citation in serving if citation not in known), key=_natural)
    rows = [_row(citation, known.get(citation, {}), serving.get(citation, [])) for citation in (*known, *unlisted)]
    states = [row["state"] for row in rows]
    counts = {state: states.count(state) for state in STATES}
    return {
        "framework": framework["id"],
        "title": framework["title"],
        "source": framework["source"],
        "counts": counts,
        "text": _sentence(counts, framework["title"]),
        "meaning": MEANING,
        "citations": rows,
    }


def _serving(records: Sequence[Record], framework: str, controls: Sequence[Entry]) -> dict[str, list[Entry]]:
    """For each citation the controls that cite it, with their verdicts."""
    found = {name: {**group[0], "status": verdict(group)} for name, group in by_control(ours(records)).items()}
    unseen = {control["id"]: {**control, "control": control["id"], "status": NOT_CHECKED} for control in controls}
    serving: dict[str, list[Entry]] = {}
    for control in {**unseen, **found}.values():
        summary = {name: control[name] for name in ("control", "title", "severity", "status")}
        for citation in control.get("references", {}).get(framework, ()):
            serving.setdefault(citation, []).append(summary)
    return serving


def _row(citation: str, known: Entry, controls: Sequence[Entry]) -> dict[str, Any]:
    statuses = [control["status"] for control in controls]
    counts = {status: statuses.count(status) for status in STATUSES}
    if known.get("out_of_reach"):
        state = OUT_OF_REACH
    elif not controls:
        state = NOT_SERVED
    else:
        state = next(state for state, telling in _PRECEDENCE if any(counts[status] for status in telling))
    return {
        "citation": citation,
        "title": known.get("title", ""),
        "label": known.get("label", ""),
        "shows": known.get("shows", ""),
        "state": state,
        "reason": known.get("out_of_reach", "") or _reason(counts, len(controls)),
        "counts": counts,
        "controls": controls,
    }


def _reason(counts: dict[str, int], total: int) -> str:
    """Why the state is what it is: what the controls did that serve the citation."""
    if not total:
        return "no control of the profile cites it"
    one = f"{total} controls" if total > 1 else "1 control"
    return f"of {one}, {', '.join(counted(counts, STATUSES))}"


def _sentence(counts: dict[str, int], title: str) -> str:
    served = sum(counts[state] for state in (FAILING, WAIVED, NOT_CHECKED, PROVEN))
    figures = [
        (counts[PROVEN], "proven"),
        (counts[FAILING], "with a control that fails"),
        (counts[WAIVED], "with a failure under a waiver"),
        (counts[NOT_CHECKED], "not checked"),
    ]
    rest = [(counts[NOT_SERVED], "served by no control"), (counts[OUT_OF_REACH], "out of a system's reach")]
    said = ", ".join(f"{number} {what}" for number, what in figures if number) or "none proven"
    aside = " and ".join(f"{number} {what}" for number, what in rest if number)
    return f"{title}: of {served} citations that controls serve, {said}{f'; {aside}' if aside else ''}."


def _natural(citation: str) -> list[tuple[int, int, str]]:
    """An order in which 1.10 comes after 1.9."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D+", citation)]
