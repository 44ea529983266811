# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statuses of controls on the controller: which one speaks for several, and what is said of how many have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL, NOT_APPLICABLE, NOT_CHECKED, PASS, WAIVED

# What several stages say together: a control passes when it passed somewhere and failed nowhere.
TELLING_FIRST = (ERROR, FAIL, WAIVED, PASS, NOT_CHECKED, NOT_APPLICABLE)
# What a gate stops.
FAILED = (FAIL, ERROR)
# What a number of controls did, in the order in which figures are shown.
COUNTED = {
    PASS: "passed",
    FAIL: "failed",
    ERROR: "could not be read",
    WAIVED: "failed under a waiver",
    NOT_CHECKED: "could not be checked",
    NOT_APPLICABLE: "do not apply here",
}


def counted(counts: Mapping[str, int | None], statuses: Collection[str]) -> list[str]:
    """``3 failed`` for each of these statuses that a control has."""
    words = {**COUNTED, **({NOT_APPLICABLE: "does not apply here"} if counts[NOT_APPLICABLE] == 1 else {})}
    return [f"{counts[status]} {word}" for status, word in words.items() if status in statuses and counts[status]]
