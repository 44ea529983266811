# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The result record: what one check of one control found at one stage."""

from __future__ import annotations

PASS = "pass"
FAIL = "fail"
ERROR = "error"
NOT_APPLICABLE = "not_applicable"
NOT_CHECKED = "not_checked"
WAIVED = "waived"

STATUSES = (PASS, FAIL, ERROR, NOT_APPLICABLE, NOT_CHECKED, WAIVED)
UNDECIDED = (ERROR, NOT_APPLICABLE, NOT_CHECKED)
STAGES = ("offline", "boot", "live")

# Who looked: this collection, or a scanner whose results are shown beside its own.
OURS = "hygeia.golden"
OPENSCAP = "openscap"

# What a control's status is when its settings disagree: the first that occurs.
_WORST_FIRST = (ERROR, FAIL, NOT_CHECKED, PASS, NOT_APPLICABLE)


def record(control, status, stage, expected=None, observed=None, read_from="", message=""):
    """One result as it leaves the target; the controller joins title, severity, citations and waiver."""
    if status not in STATUSES or stage not in STAGES:
        raise ValueError(f"{status} at stage {stage} is no result")
    return {
        "control": control,
        "status": status,
        "stage": stage,
        "expected": expected,
        "observed": observed,
        "read_from": read_from,
        "message": message,
    }


def worst(statuses):
    """The status that speaks for several; of nothing at all, that nothing was checked."""
    found = set(statuses)
    return next((status for status in _WORST_FIRST if status in found), NOT_CHECKED)
