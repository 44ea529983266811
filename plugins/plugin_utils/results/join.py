# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Final result records: what the target found, joined with what the controller knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, OURS, WAIVED, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import checks
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results import waived_files
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import FAILED, TELLING_FIRST

SEVERITIES = ("low", "medium", "high", "critical")


def joined(results: Sequence[Record], controls: Iterable[Entry], host: str) -> list[Record]:
    """One final record for each result; ``controls`` are those of the lookups, controls and checks, with their waivers."""
    known = {control["id"]: control for control in controls}
    return [_record(result, _known(known, result), host) for result in results]


def _known(known: Mapping[str, Entry], result: Record) -> Entry:
    """The control or check that a result is of; a rule of a scanner is none and brings its own title and severity."""
    name = checks.matching(known, result["control"])
    if name is None and "title" not in result:
        raise ValueError(f"there is no control and no check {result['control']}; hand over the list that has it, such as baseline_checks")
    return result if name is None else checks.named_as(known[name], result["control"])


def _record(result: Record, control: Entry, host: str) -> Record:
    """A result may say more exactly than its check what is true when it holds."""
    status, message, waiver = result["status"], result["message"], control.get("waiver")
    if status == FAIL and waiver and waiver["expired"]:
        message = "; ".join(filter(None, [message, f"the waiver by {waiver['approver']} ended on {waiver['until']}"]))
    elif status == FAIL and waiver:
        status = WAIVED
    observed = result["observed"]
    if status == FAIL and control.get("waived_files"):
        observed, waiver, message = waived_files.applied(observed, control["waived_files"], waiver, message)
        status = WAIVED if waived_files.all_waived(observed) else status
    return {
        "control": result["control"],
        "title": result.get("title") or control["title"],
        "severity": control["severity"],
        "level": control.get("level"),
        "origin": result.get("origin", OURS),
        "host": host,
        "stage": result["stage"],
        "status": status,
        "expected": result["expected"],
        "observed": observed,
        "read_from": result["read_from"],
        "message": message,
        "waiver": waiver,
        "references": control.get("references", {}),
    }


def ours(records: Sequence[Record]) -> list[Record]:
    """The records of this collection; what a scanner found is shown, and counts only where somebody says so."""
    return [record for record in records if record["origin"] == OURS]


def failing(records: Sequence[Record], severity: str, origins: Sequence[str] = (OURS,)) -> list[Record]:
    """The records that a gate at this severity does not let through; it looks at these origins alone."""
    wanted = SEVERITIES[SEVERITIES.index(severity) :]
    return [record for record in records if record["status"] in FAILED and record["severity"] in wanted and record["origin"] in origins]


def failed_controls(records: Sequence[Record], origins: Sequence[str] = (OURS,)) -> list[Record]:
    """One record for each control of these origins that failed or could not be read, the most severe first."""
    looked = [record for record in records if record["origin"] in origins]
    failed = [group[0] for group in by_control(looked).values() if verdict(group) in FAILED]
    return sorted(failed, key=lambda record: -SEVERITIES.index(record["severity"]))


def by_control(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Each control's records, in the order in which controls first occur."""
    grouped: dict[str, list[Record]] = {}
    for record in records:
        grouped.setdefault(record["control"], []).append(record)
    return grouped


def verdict(records: Sequence[Record]) -> str:
    """What the stages of one control say together."""
    found = {record["status"] for record in records}
    return next(status for status in TELLING_FIRST if status in found)
