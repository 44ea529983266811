# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which vulnerabilities were closed within the site's deadlines, and which were not.

A vulnerability is open from the first run that lists it until one that lists it as closed or does not list it any more. Only runs that
read a feed say anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.runs import Evidence, Run
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import SEVERITIES

# What became of one by the end of the period, the worst first.
STATES = {
    "overdue": "open past the deadline",
    "late": "closed after the deadline",
    "accepted": "open under a waiver",
    "due": "open within the deadline",
    "unfixed": "open without a fix",
    "undated": "open without a deadline",
    "kept": "closed within the deadline",
    "closed": "closed without a deadline",
}
MISSED = ("overdue", "late")
CLOSED = ("late", "kept", "closed")

Row = dict[str, Any]


def patches(evidence: Evidence) -> dict[str, Any]:
    """Every vulnerability of the period with what became of it, figures by severity, and the hosts of which nothing is known."""
    rows: list[Row] = []
    silent = []
    for host, runs in evidence.within.items():
        telling = [run for run in runs if run.results.open is not None]
        if telling:
            rows += _of_host(host, telling, _before(evidence, host))
        else:
            silent.append(host)
    states = list(STATES)
    rows.sort(
        key=lambda row: (states.index(row["state"]), -SEVERITIES.index(row["severity"]), row["due"] or "9999", row["id"], row["host"])
    )
    figures = {
        severity: {state: sum(row["state"] == state and row["severity"] == severity for row in rows) for state in states}
        for severity in reversed(SEVERITIES)
    }
    return {"rows": rows, "figures": {severity: counts for severity, counts in figures.items() if any(counts.values())}, "silent": silent}


def _of_host(host: str, runs: list[Run], before: Run | None) -> Iterator[Row]:
    """The fate of each vulnerability of a host; the run before the period says what was open when it began."""
    rows: dict[tuple[str, str], Row] = {}
    done: list[Row] = []
    for run in [before, *runs] if before else runs:
        still = {_key(entry): entry for entry in run.results.open or ()}
        closed = {_key(entry): entry for entry in run.results.closed}
        for key, row in rows.items():
            if not row["closed"] and key not in still:
                row["closed"] = run.ended
        for key, entry in {**closed, **still}.items():
            if key in rows and rows[key]["closed"] and key in still:
                done.append(rows.pop(key))  # it came back, such as with an older package
            if key not in rows:
                rows[key] = _row(host, entry, run)
            if key in still:
                rows[key].update(entry)
            elif not rows[key]["closed"]:
                rows[key]["closed"] = run.ended
    for row in [*done, *rows.values()]:
        row["state"] = _state(row, runs[-1].ended)
        # What was closed before the period began is no part of it.
        if not (before and row["closed"] and row["closed"] <= before.ended):
            yield row


def _row(host: str, entry: Mapping[str, Any], run: Run) -> Row:
    return {**entry, "host": host, "first_seen": run.ended, "closed": ""}


def _state(row: Row, last: str) -> str:
    """What is known by the last run. One that was closed between two runs was closed by the second of them."""
    if row["closed"]:
        return "closed" if not row["due"] else "kept" if row["closed"][:10] <= row["due"] else "late"
    if row["accepted"]:
        return "accepted"
    if row["due"]:
        return "overdue" if row["due"] < last[:10] else "due"
    return "undated" if row["fixable"] else "unfixed"


def _before(evidence: Evidence, host: str) -> Run | None:
    return next((run for run in evidence.earlier(host) if run.results.open is not None), None)


def _key(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry["id"]), str(entry["package"])
