# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known about one run on one host, however far it came: what every report is a view of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_CHECKED, STAGES
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.vulnerabilities import vulnerabilities
from ansible_collections.hygeia.golden.plugins.plugin_utils.results import verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import ours
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.score import score

PROMOTED, APPROVED, REFUSED, STOPPED, PASSED, UNVERIFIED, ROLLED_BACK = (
    "promoted",
    "approved",
    "refused",
    "stopped",
    "passed",
    "unverified",
    "rolled_back",
)
# How a run ends that ended well.
WELL = (PROMOTED, PASSED, ROLLED_BACK)

# The facts of a run, with what follows from them.
Run = dict[str, Any]


def gathered(facts: Mapping[str, Any], ended: str) -> Run:
    """The facts of a run with what follows from them; ``ended`` is a time in UTC as ISO 8601."""
    decided = verdict.decide(facts["records"], facts["severity"], facts["origins"], facts["boot_skipped"], facts["boot_required"])
    run = {**facts, "ended": ended, "failing": decided["failing"]}
    looked = {record["stage"] for record in ours(facts["records"]) if record["status"] != NOT_CHECKED}
    run["stages"] = [stage for stage in STAGES if stage in looked]
    run["score"] = score(facts["records"])
    run["changes"] = facts["changes"] + [_package(diff) for diff in facts["diffs"] if _of_package(diff)]
    run["diffs"] = [diff for diff in facts["diffs"] if not _of_package(diff)]
    run["patches"] = vulnerabilities(run)
    run["promotes"] = bool(facts["source"]) and facts["promotes"]
    run["verdict"], run["sentence"] = _verdict(run, decided)
    # What is about to be promoted is named as the image that it will be.
    run["image"] = facts["image"] or (facts["staged"] if run["verdict"] == APPROVED else None)
    return run


def _of_package(diff: dict[str, str]) -> bool:
    return diff["after_header"].startswith("package ")


def _package(diff: dict[str, str]) -> dict[str, str]:
    """A package that hardening installed or removed, in the form of those that patching changed."""
    versions = {when: diff[when].split()[1:] for when in ("before", "after")}
    before, after = (version[0] if version else "" for version in versions.values())
    return {"package": diff["after_header"].split()[1], "from": before, "to": after}


def _verdict(run: Run, decided: Mapping[str, Any]) -> tuple[str, str]:
    """How the run ended, in a word and in a sentence."""
    if run["failure"]:
        nothing = " Nothing was promoted." if run["promotes"] and not run["image"] else ""
        return STOPPED, f"The run stopped before its end: {run['failure'].rstrip('.')}.{nothing}"
    if run["rollback"]:
        return ROLLED_BACK, _rolled_back(run["rollback"])
    outcome, end = _ended(run, decided["state"])
    skipped = f" {verdict.BOOT_SKIPPED}" if decided["boot_skipped"] and verdict.BOOT_SKIPPED[:-1] not in decided["text"] else ""
    return outcome, f"{decided['text']}{end}.{skipped}"


def _ended(run: Run, state: str) -> tuple[str, str]:
    """The verdict on the system, with what became of its image."""
    if state == verdict.UNVERIFIED:
        return UNVERIFIED, ", so nothing can be said"
    if state == verdict.REFUSED:
        return REFUSED, ", so the image was not promoted" if run["promotes"] else ""
    if run["image"]:
        return PROMOTED, ", and the image was promoted"
    if run["staged"]:
        return APPROVED, ", and the image may be promoted; its history states whether it was"
    return PASSED, ""


def _rolled_back(move: dict[str, str]) -> str:
    if move["from"] == move["image"]:
        return f"Version {move['version']} is the current one already, so nothing was moved."
    return f"{move['by']} went back to version {move['version']}: {move['reason'].rstrip('.')}."
