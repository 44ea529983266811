# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The result record: what one check of one control found at one stage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import one_line

# A result on its way from a host to a report; the controller adds to what record() makes.
Record = dict[str, Any]

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


def record(
    control: str, status: str, stage: str, expected: object = None, observed: object = None, read_from: str = "", message: str = ""
) -> Record:
    """One result as it leaves the target, without secrets; the controller joins title, severity, citations and waiver."""
    if status not in STATUSES or stage not in STAGES:
        raise ValueError(f"{status} at stage {stage} is not a result")
    return {
        "control": control,
        "status": status,
        "stage": stage,
        "expected": masked(expected),
        "observed": masked(observed),
        "read_from": one_line(masked(read_from)),
        "message": one_line(masked(message)),
    }


def worst(statuses: Iterable[str]) -> str:
    """The status that speaks for several; of nothing at all, that nothing was checked."""
    found = set(statuses)
    return next((status for status in _WORST_FIRST if status in found), NOT_CHECKED)
