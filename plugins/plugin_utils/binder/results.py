# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of the results of a run a binder needs, so that those of thousands of runs are in memory at once.

Results repeat from host to host and from week to week: what says the same is cleaned once, and is the same object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import OURS, STATUSES, Record
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import SEVERITIES as OF_VULNERABILITIES
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES

WAIVER = ("approver", "reason", "until")
_TEXTS = ("control", "title", "severity", "status", "message")

Vulnerability = dict[str, Any]


class Malformed(ValueError):
    """There are no records of a form that is known."""


@dataclass(frozen=True)
class Results:
    """The records of this collection; the vulnerabilities that are open and closed, or None where no feed was read."""

    records: list[Record]
    open: list[Vulnerability] | None
    closed: list[Vulnerability]


@dataclass
class Pool:
    """Everything that was met so far, by what it says."""

    met: dict[str, dict[str, Any]] = field(default_factory=dict)

    def results(self, found: Mapping[str, Any]) -> Results:
        records = found.get("records")
        if not isinstance(records, list):
            raise Malformed()
        patched = found.get("patches")
        stated = patched.get("vulnerabilities") if isinstance(patched, dict) else None
        known = stated if isinstance(stated, dict) and stated.get("stated") is True else None
        return Results(
            [self._shared(record) for record in map(_record, records) if record],
            [self._shared(entry) for entry in _vulnerabilities(known, "open")] if known else None,
            [self._shared(entry) for entry in _vulnerabilities(known, "closed")] if known else [],
        )

    def _shared(self, value: dict[str, Any]) -> dict[str, Any]:
        key = json.dumps(value, sort_keys=True)
        if key not in self.met:
            self.met[key] = readable_throughout(masked(value))
        return self.met[key]


def _record(record: object) -> Record | None:
    """What of a record is needed; None for one of a scanner."""
    if not isinstance(record, dict) or not all(isinstance(record.get(name), str) for name in _TEXTS):
        raise Malformed()
    references = record.get("references", {})
    if record["status"] not in STATUSES or record["severity"] not in SEVERITIES or not isinstance(references, dict):
        raise Malformed()
    if record.get("origin", OURS) != OURS:
        return None
    cited = {name: [str(each) for each in citations] for name, citations in references.items() if isinstance(citations, list)}
    return {**{name: record[name] for name in _TEXTS}, "origin": OURS, "waiver": waiver(record.get("waiver")), "references": cited}


def waiver(value: object) -> dict[str, str] | None:
    """Who accepted a risk, why and until when, or None for anything else."""
    if isinstance(value, dict) and all(isinstance(value.get(name), str) for name in WAIVER):
        return {name: value[name] for name in WAIVER}
    return None


def _vulnerabilities(stated: Mapping[str, Any] | None, name: str) -> Iterator[Vulnerability]:
    entries = (stated or {}).get(name)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and isinstance(entry.get("package"), str):
            due, accepted = entry.get("due"), waiver(entry.get("waiver"))
            yield {
                "id": entry["id"],
                "package": entry["package"],
                "severity": entry["severity"] if entry.get("severity") in OF_VULNERABILITIES else OF_VULNERABILITIES[0],
                "exploited": entry.get("kev") is True,
                "due": due if isinstance(due, str) and _is_day(due) else "",
                "fixable": entry.get("state") != "no_fix",
                "waiver": accepted,
                "accepted": accepted is not None and entry.get("status") == "waived",
            }


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
