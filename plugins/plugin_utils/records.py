# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Final result records: what the target found, joined with what the controller knows, and what they add up to."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import (
    ERROR, FAIL, NOT_APPLICABLE, NOT_CHECKED, PASS, STATUSES, WAIVED,
)

SEVERITIES = ("low", "medium", "high", "critical")

# What several stages say together: a control passes when it passed somewhere and failed nowhere.
_TELLING_FIRST = (ERROR, FAIL, WAIVED, PASS, NOT_CHECKED, NOT_APPLICABLE)


def joined(results, controls, host):
    """One final record for each result; ``controls`` are those of the lookup, with their waivers."""
    known = {control["id"]: control for control in controls}
    return [_record(result, known.get(result["control"], result), host) for result in results]


def _record(result, control, host):
    """A check that is no control of the catalogue, such as one of the boot, brings its own title and severity."""
    status, message, waiver = result["status"], result["message"], control.get("waiver")
    if status == FAIL and waiver and waiver["expired"]:
        message = "; ".join(filter(None, [message, f"the waiver by {waiver['approver']} ended on {waiver['until']}"]))
    elif status == FAIL and waiver:
        status = WAIVED
    return {
        "control": result["control"],
        "title": control["title"],
        "severity": control["severity"],
        "host": host,
        "stage": result["stage"],
        "status": status,
        "expected": result["expected"],
        "observed": result["observed"],
        "read_from": result["read_from"],
        "message": message,
        "waiver": waiver,
        "references": control.get("references", {}),
    }


def failing(records, severity):
    """The records that a gate at this severity does not let through."""
    wanted = SEVERITIES[SEVERITIES.index(severity):]
    return [record for record in records if record["status"] in (FAIL, ERROR) and record["severity"] in wanted]


def by_control(records):
    """Each control's records, in the order in which controls first occur."""
    grouped = {}
    for record in records:
        grouped.setdefault(record["control"], []).append(record)
    return grouped


def verdict(records):
    """What the stages of one control say together."""
    found = {record["status"] for record in records}
    return next(status for status in _TELLING_FIRST if status in found)


def score(records):
    """How many controls did what, each counted once, and a sentence that says so."""
    verdicts = [verdict(group) for group in by_control(records).values()]
    count = {status: verdicts.count(status) for status in STATUSES}
    applicable = len(verdicts) - count[NOT_APPLICABLE]
    percent = 100 * count[PASS] // applicable if applicable else None
    return {
        "controls": len(verdicts),
        "applicable": applicable,
        **count,
        "percent": percent,
        "text": _sentence(count, applicable),
    }


def _sentence(count, applicable):
    """The figures in words; a control counts as passed when it passed at a stage and failed at none."""
    rest = [
        (count[FAIL], "failed"),
        (count[ERROR], "could not be read"),
        (count[WAIVED], "failed under a waiver"),
        (count[NOT_CHECKED], "could not be checked"),
    ]
    told = "".join(f", {number} {what}" for number, what in rest if number)
    aside = f"; {count[NOT_APPLICABLE]} more do not apply here" if count[NOT_APPLICABLE] else ""
    return f"{count[PASS]} of {applicable} applicable controls passed{told}{aside}."
