# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Final result records: what the target found, joined with what the controller knows, and what they add up to."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import (
    ERROR, FAIL, NOT_APPLICABLE, NOT_CHECKED, OURS, PASS, STATUSES, WAIVED,
)
from ansible_collections.hygeia.golden.plugins.plugin_utils import checks

SEVERITIES = ("low", "medium", "high", "critical")

# What the figures are for, in the words that stand wherever they do.
MEANING = (
    "The figures count controls of this profile on this system. They are not a percentage of compliance: no share of controls "
    "says that a requirement is met."
)

# What several stages say together: a control passes when it passed somewhere and failed nowhere.
_TELLING_FIRST = (ERROR, FAIL, WAIVED, PASS, NOT_CHECKED, NOT_APPLICABLE)


def joined(results, controls, host):
    """One final record for each result; ``controls`` are those of the lookups, controls and checks, with their waivers."""
    known = {control["id"]: control for control in controls}
    return [_record(result, _known(known, result), host) for result in results]


def _known(known, result):
    """The control or check that a result is of; a rule of a scanner is none and brings its own title and severity."""
    name = checks.meant(known, result["control"])
    if name is None and "title" not in result:
        raise ValueError(f"there is no control and no check {result['control']}; hand over the list that has it, such as baseline_checks")
    return result if name is None else checks.named_as(known[name], result["control"])


def _record(result, control, host):
    """A result may say more exactly than its check what is true when it holds."""
    status, message, waiver = result["status"], result["message"], control.get("waiver")
    if status == FAIL and waiver and waiver["expired"]:
        message = "; ".join(filter(None, [message, f"the waiver by {waiver['approver']} ended on {waiver['until']}"]))
    elif status == FAIL and waiver:
        status = WAIVED
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
        "observed": result["observed"],
        "read_from": result["read_from"],
        "message": message,
        "waiver": waiver,
        "references": control.get("references", {}),
    }


def ours(records):
    """The records of this collection; what a scanner found is shown, and counts only where somebody says so."""
    return [record for record in records if record["origin"] == OURS]


def failing(records, severity, origins=(OURS,)):
    """The records that a gate at this severity does not let through; it looks at these origins alone."""
    wanted = SEVERITIES[SEVERITIES.index(severity):]
    return [
        record for record in records
        if record["status"] in (FAIL, ERROR) and record["severity"] in wanted and record["origin"] in origins
    ]


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


def area(control):
    """What a control is about: the first word of its id."""
    return control.split("-", maxsplit=1)[0]


def score(records):
    """How many controls of ours did what, each counted once: in all, by severity, by level and by area, and in words."""
    controls = [{**group[0], "verdict": verdict(group)} for group in by_control(ours(records)).values()]
    figures = _figures(controls)
    return {
        **figures,
        "by_severity": _grouped(controls, lambda control: control["severity"], reversed(SEVERITIES)),
        "by_level": _grouped(controls, lambda control: str(control["level"]), ("1", "2")),
        "by_area": _grouped(controls, lambda control: area(control["control"])),
        "text": _sentence(figures),
        "meaning": MEANING,
    }


def _grouped(controls, group, order=None):
    """The figures of each group that has a control; without an order, as the groups first occur."""
    groups = [group(control) for control in controls]
    return {
        name: _figures([control for control, its in zip(controls, groups) if its == name])
        for name in dict.fromkeys(order or groups) if name in groups
    }


def _figures(controls):
    verdicts = [control["verdict"] for control in controls]
    count = {status: verdicts.count(status) for status in STATUSES}
    applicable = len(verdicts) - count[NOT_APPLICABLE]
    percent = 100 * count[PASS] // applicable if applicable else None
    return {"controls": len(verdicts), "applicable": applicable, **count, "percent": percent}


def _sentence(count):
    """The figures in words; a control counts as passed when it passed at a stage and failed at none."""
    rest = [
        (count[FAIL], "failed"),
        (count[ERROR], "could not be read"),
        (count[WAIVED], "failed under a waiver"),
        (count[NOT_CHECKED], "could not be checked"),
    ]
    told = "".join(f", {number} {what}" for number, what in rest if number)
    aside = f"; {count[NOT_APPLICABLE]} more do not apply here" if count[NOT_APPLICABLE] else ""
    return f"{count[PASS]} of {count['applicable']} applicable controls passed{told}{aside}."
