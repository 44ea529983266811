# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The results of one run as observations, risks and findings, as assessment results and plan of action share them.

An observation is one record, a finding is one control over all stages. What was not checked or does not apply is an observation
without a finding, since nobody can say that it is satisfied or not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL, PASS, WAIVED, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.document import identifier, line, properties, token
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import by_control, ours, verdict

Object = dict[str, Any]
_REASONS = {PASS: "pass", FAIL: "fail"}
_LONGEST = 4000


@dataclass
class Assessment:
    """Of one host, in one run."""

    host: str
    run: str
    ended: str
    records: Sequence[Record]
    observations: list[Object] = field(default_factory=list)
    risks: list[Object] = field(default_factory=list)
    findings: list[Object] = field(default_factory=list)

    def __post_init__(self) -> None:
        for control, group in by_control(ours(self.records)).items():
            observed = [self._observation(record, number) for number, record in enumerate(group)]
            self.observations += observed
            status = verdict(group)
            if status in (PASS, FAIL, ERROR, WAIVED):
                self._conclude(control, status, [record for record in group if record["status"] == status], observed)

    @property
    def item(self) -> str:
        """The identifier of the host as an item of an inventory."""
        return identifier("inventory-item", self.host)

    def inventory(self) -> list[Object]:
        return [{"uuid": self.item, "description": f"The host {self.host}."}]

    def _observation(self, record: Record, number: int) -> Object:
        # A scope of several results, such as one of each mount, has the same control and stage; their order is that of the run.
        return {
            "uuid": identifier("observation", self.host, record["control"], record["stage"], str(number)),
            "title": line(record["title"]),
            "description": record["message"] or f"{record['control']}: {record['status']}",
            "props": properties(
                control=record["control"],
                status=record["status"],
                stage=record["stage"],
                severity=record["severity"],
                read_from=_shortened(record["read_from"]),
            ),
            "methods": ["TEST"],
            "subjects": [{"subject-uuid": self.item, "type": "inventory-item"}],
            "relevant-evidence": [{"description": f"Expected {_value(record['expected'])}; observed {_value(record['observed'])}."}],
            "collected": self.ended,
        }

    def _conclude(self, control: str, status: str, decisive: Sequence[Record], observed: Sequence[Object]) -> None:
        about = decisive[0]
        related = [{"observation-uuid": each["uuid"]} for each in observed]
        finding = {
            "uuid": identifier("finding", self.host, control),
            "title": line(about["title"]),
            "description": about["message"] or f"{control}: {status}",
            "props": properties(status=status, severity=about["severity"]),
            "target": {
                "type": "objective-id",
                "target-id": token(control),
                "status": {"state": "satisfied" if status == PASS else "not-satisfied", "reason": _REASONS.get(status, "other")},
            },
            "related-observations": related,
        }
        if status != PASS:
            risk = _risk(self.host, control, status, about, related)
            self.risks.append(risk)
            finding["related-risks"] = [{"risk-uuid": risk["uuid"]}]
        self.findings.append(finding)


def _risk(host: str, control: str, status: str, record: Record, related: list[Object]) -> Object:
    """What is open on a host; the same in every run until it is closed. A waiver is a deviation that somebody approved, until a day."""
    waiver: Mapping[str, Any] = record["waiver"] or {}
    risk: Object = {
        "uuid": identifier("risk", host, control),
        "title": line(record["title"]),
        "description": record["message"] or f"{control}: {status}",
        "statement": line(f"{record['title']}: {status} on {host}."),
        "props": properties(control=control, status=status, severity=record["severity"]),
        "status": "deviation-approved" if status == WAIVED else "open",
        "related-observations": related,
    }
    if status == WAIVED:
        risk["remediations"] = [
            {
                "uuid": identifier("response", host, control),
                "lifecycle": "recommendation",
                "title": "Accept the risk",
                "description": line(f"{waiver.get('reason', '')} (approved by {waiver.get('approver', '')})"),
            }
        ]
        risk["deadline"] = f"{waiver['until']}T00:00:00Z"
    return risk


def _value(value: Any) -> str:
    return _shortened(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
