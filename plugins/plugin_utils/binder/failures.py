# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What failed in a period, for how long, and who accepted it.

A failure lasts from the first run that found it to the first that found it gone. What was between two runs nobody knows, so both
times are those of runs.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_CHECKED, WAIVED, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.period import Period
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.results import waiver
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.runs import Evidence, Run
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES, by_control, verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import FAILED

NOT_MET = (*FAILED, WAIVED)

Row = dict[str, Any]


def failures(evidence: Evidence, period: Period) -> list[Row]:
    """Every failure of the period, the most severe and longest first."""
    found = [row for host in evidence.within for row in _of_host(evidence, host, period)]
    return sorted(found, key=lambda row: (-SEVERITIES.index(row["severity"]), -row["days"], row["control"], row["host"]))


def _of_host(evidence: Evidence, host: str, period: Period) -> list[Row]:
    runs = evidence.within[host]
    known: dict[str, Row] = _at_the_beginning(evidence, host, runs[0])
    found = list(known.values())
    for run in runs:
        for control, records in by_control(run.records).items():
            status = verdict(records)
            if status in NOT_MET:
                if control not in known:
                    known[control] = _begun(control, records, run)
                    found.append(known[control])
                _continued(known[control], records, status, run)
            elif control in known and status != NOT_CHECKED:
                known.pop(control)["fixed"] = run.ended
    last = min(period.end, max(run.ended for run in runs)[:10])
    for row in found:
        row["days"] = _days(row["first_seen"], row["fixed"] or max(last, row["last_seen"][:10]))
    return found


def _at_the_beginning(evidence: Evidence, host: str, first: Run) -> dict[str, Row]:
    """What the run before the period left failing, since when it did; looked up as far back as something still fails."""
    rows: dict[str, Row] = {}
    open_still: set[str] | None = None
    for run in evidence.earlier(host):
        groups = by_control(run.records)
        failing = {name for name, records in groups.items() if verdict(records) in NOT_MET}
        if open_still is None:
            open_still = set(failing)
            rows = {name: _begun(name, groups[name], run) for name in failing}
            for name in failing:
                _continued(rows[name], groups[name], verdict(groups[name]), run)
        # A run that did not look at a control says nothing about it.
        open_still -= {name for name, records in groups.items() if verdict(records) not in (*NOT_MET, NOT_CHECKED)}
        for name in open_still & failing:
            rows[name]["first_seen"] = run.ended
        if not open_still:
            break
    for row in rows.values():
        row["before"] = True
    return rows


def _begun(control: str, records: list[Record], run: Run) -> Row:
    return {
        "control": control,
        "title": records[0]["title"],
        "severity": records[0]["severity"],
        "host": run.host,
        "first_seen": run.ended,
        "last_seen": run.ended,
        "fixed": "",
        "before": False,
        "days": 0,
        "runs": 0,
        "message": "",
        "waivers": [],
        "accepted": False,
    }


def _continued(row: Row, records: list[Record], status: str, run: Run) -> None:
    row["last_seen"] = run.ended
    row["runs"] += 1
    row["accepted"] = status == WAIVED
    row["message"] = next((record["message"] for record in records if record["status"] in NOT_MET and record["message"]), row["message"])
    for accepted in filter(None, (record["waiver"] for record in records)):
        if accepted not in row["waivers"]:
            row["waivers"].append(accepted)


def waivers(evidence: Evidence) -> list[Row]:
    """Each waiver that a run of the period had, with the hosts that it was for and whether it was needed there."""
    found: dict[tuple[str, ...], Row] = {}
    for run in evidence.runs:
        used = {record["control"] for record in run.records if record["status"] == WAIVED}
        for given in run.manifest.get("waivers") or ():
            about = waiver(given)
            if about is None or not isinstance(given.get("control"), str):
                continue
            key = (given["control"], *about.values())
            row = found.setdefault(key, {"control": given["control"], **about, "hosts": set(), "used": set()})
            row["hosts"].add(run.host)
            row["used"] |= {run.host} if given["control"] in used else set()
    rows = [{**row, "hosts": sorted(row["hosts"]), "used": sorted(row["used"])} for row in found.values()]
    return sorted(rows, key=lambda row: (row["until"], row["control"]))


def _days(begin: str, end: str) -> int:
    return max(0, (date.fromisoformat(end[:10]) - date.fromisoformat(begin[:10])).days)
