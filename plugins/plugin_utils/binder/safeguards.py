# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was in force, citation by citation, over all hosts: at the end of the period, and throughout it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_CHECKED, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.runs import Evidence
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.coverage import (
    FAILING,
    MEANING,
    NOT_SERVED,
    OUT_OF_REACH,
    PROVEN,
    STATES,
    coverage,
)
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import by_control, verdict

Row = dict[str, Any]


def safeguards(evidence: Evidence, framework: Entry) -> dict[str, Any]:
    """A row for each citation, with how many hosts are in which state at the end of the period."""
    last = {host: coverage(latest(evidence, host), framework) for host in evidence.within}
    throughout = {host: _states_of_runs(evidence, host, framework) for host in evidence.within}
    rows = [_row(citation, known, last, throughout) for citation, known in framework["citations"].items()]
    return {
        "framework": framework["id"],
        "title": framework["title"],
        "source": framework["source"],
        "meaning": MEANING,
        "hosts": len(last),
        "citations": rows,
        "counts": {state: sum(row["state"] == state for row in rows) for state in STATES},
    }


def latest(evidence: Evidence, host: str) -> list[Record]:
    """The newest records of each control in the period; a run that could not check it does not hide what was known before."""
    found: dict[str, list[Record]] = {}
    for run in evidence.within[host]:
        for control, records in by_control(run.records).items():
            if control not in found or verdict(records) != NOT_CHECKED:
                found[control] = records
    return [record for records in found.values() for record in records]


def _states_of_runs(evidence: Evidence, host: str, framework: Entry) -> list[dict[str, str]]:
    """The state of each citation in each run that looked at anything."""
    return [
        {row["citation"]: row["state"] for row in coverage(run.records, framework)["citations"]}
        for run in evidence.within[host]
        if run.records
    ]


def _row(citation: str, known: Mapping[str, Any], last: Mapping[str, Any], throughout: Mapping[str, Sequence[Mapping[str, str]]]) -> Row:
    states = {host: next(row for row in covered["citations"] if row["citation"] == citation) for host, covered in last.items()}
    counts = {state: sorted(host for host, row in states.items() if row["state"] == state) for state in STATES}
    return {
        "citation": citation,
        "title": known.get("title", ""),
        "label": known.get("label", ""),
        "shows": known.get("shows", ""),
        "out_of_reach": known.get("out_of_reach", ""),
        "state": _worst(counts, bool(known.get("out_of_reach"))),
        "counts": {state: len(hosts) for state, hosts in counts.items() if hosts},
        "failing": counts[FAILING],
        "always": sum(_always(runs, citation) for runs in throughout.values()),
        "controls": _controls(states),
    }


def _worst(counts: Mapping[str, Sequence[str]], out_of_reach: bool) -> str:
    """One host on which something fails is what a reader must see first; ones that nothing serves say nothing."""
    if out_of_reach:
        return OUT_OF_REACH
    return next((state for state in STATES if counts[state] and state not in (NOT_SERVED, OUT_OF_REACH)), NOT_SERVED)


def _always(runs: Sequence[Mapping[str, str]], citation: str) -> bool:
    """Was it proven by each run that said anything about it, and by one at least?"""
    said = [states.get(citation, NOT_SERVED) for states in runs]
    said = [state for state in said if state not in (NOT_SERVED, OUT_OF_REACH, NOT_CHECKED)]
    return bool(said) and set(said) == {PROVEN}


def _controls(states: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The titles of the controls that serve it anywhere."""
    return sorted({control["title"] for row in states.values() for control in row["controls"]})
