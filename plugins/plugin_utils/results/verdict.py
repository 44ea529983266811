# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one verdict on a system: whether it holds, and so may be promoted.

Promotion, report, JUnit file and the end of a play read this one. Where nothing
was seen, nothing is promoted; nor where the boot check was skipped that the
site asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL, NOT_CHECKED, OURS, PASS, WAIVED, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import failing, ours

PASSED, REFUSED, UNVERIFIED = "passed", "refused", "unverified"
# What somebody saw, whatever it was.
_SEEN = (PASS, FAIL, ERROR, WAIVED)
BOOT_SKIPPED = "The boot check was skipped."


def decide(
    records: Sequence[Record], severity: str, origins: Sequence[str] = (OURS,), boot_skipped: bool = False, boot_required: bool = False
) -> dict[str, Any]:
    """Whether a system may be promoted, what its state is in a word and in the beginning of a sentence, and which controls stop it."""
    controls = list(dict.fromkeys(record["control"] for record in failing(records, severity, origins)))
    state, text = _state(records, controls, f"severity {severity} or above", boot_skipped and boot_required)
    return {"promote": state == PASSED, "state": state, "text": text, "failing": controls, "boot_skipped": boot_skipped}


def _state(records: Sequence[Record], controls: list[str], gate: str, boot_missing: bool) -> tuple[str, str]:
    if controls:
        return REFUSED, f"{len(controls)} controls of {gate} failed" if len(controls) > 1 else f"One control of {gate} failed"
    if not any(record["status"] in _SEEN for record in ours(records)):
        return UNVERIFIED, "Nothing was verified"
    if boot_missing:
        return REFUSED, "The boot check was skipped, but verify_boot_required is set"
    return PASSED, f"No control of {gate} failed"


def not_booted(controls: Sequence[Entry]) -> list[Record]:
    """The results of the controls that only a boot would have shown, when it was skipped."""
    return [
        {
            "control": control["id"],
            "status": NOT_CHECKED,
            "stage": "boot",
            "expected": None,
            "observed": None,
            "read_from": "",
            "message": "the boot check was skipped",
        }
        for control in controls
        if "boot" in control["stages"] and "offline" not in control["stages"]
    ]
