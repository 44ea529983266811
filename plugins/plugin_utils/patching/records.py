# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Patching as results of checks, in the form of every other result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL, NOT_CHECKED, PASS, Record, record
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.deadlines import OPEN, OVERDUE, WAIVED
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.patch_plan import NO_FIX, Vulnerability

FEEDS, DEADLINES, EXPLOITED = "patch-feeds", "patch-overdue", "patch-known-exploited"
_READ_FROM = "the feeds, and what the package manager says is installed"
# So many are named in a message; all of them are in what was observed.
_NAMED = 10


def results(vulnerabilities: Sequence[Vulnerability], feeds: Sequence[Mapping[str, Any]], stage: str, problem: str = "") -> list[Record]:
    """The results of the checks: of the feeds, of the deadlines, of what is known to be exploited, and of each waiver.

    ``vulnerabilities`` have been through ``deadlines``. ``problem`` says why
    the feeds could not be asked.
    """
    if problem or not feeds:
        status, message = (ERROR, problem) if problem else (NOT_CHECKED, "no feed was given, so nothing is known of vulnerabilities")
        left = [record(name, NOT_CHECKED, stage, message="the feeds could not be asked") for name in (DEADLINES, EXPLOITED)]
        return [record(FEEDS, status, stage, expected="every feed is there, whole and recent", message=message), *left]
    waived = [entry for entry in vulnerabilities if entry["waiver"]]
    rest = [entry for entry in vulnerabilities if not entry["waiver"]]
    return [
        record(
            FEEDS,
            PASS,
            stage,
            expected="every feed is there, whole and recent",
            observed={feed["name"]: f"of {feed['date']}, {feed['entries']} entries" for feed in feeds},
            read_from=_READ_FROM,
        ),
        _none(DEADLINES, stage, "past its deadline", [entry for entry in rest if entry["status"] == OVERDUE], vulnerabilities),
        _none(
            EXPLOITED,
            stage,
            "known to be exploited and has a fix",
            [entry for entry in rest if entry["kev"] and entry["state"] != NO_FIX],
            vulnerabilities,
        ),
        *(_one(entry, stage) for entry in waived),
    ]


def _none(name: str, stage: str, what: str, found: Sequence[Vulnerability], vulnerabilities: Sequence[Vulnerability]) -> Record:
    """That no vulnerability is so."""
    names = [f"{entry['id']} in {entry['package']}" for entry in found]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return record(
        name,
        FAIL if found else PASS,
        stage,
        expected=f"none that is {what}",
        observed=[_description(entry) for entry in found] or f"none of the {len(vulnerabilities)} that are open",
        read_from=_READ_FROM,
        message=f"{', '.join(names[:_NAMED])}{more}: install the fix, or waive it as {OPEN}ID" if found else "",
    )


def _one(entry: Vulnerability, stage: str) -> Record:
    """A vulnerability that a waiver names: it is open, and the waiver decides what that means."""
    name = OPEN + entry["id"]
    late = entry["status"] in (OVERDUE, WAIVED)
    return record(
        name,
        FAIL if late else PASS,
        stage,
        expected="closed, or within its deadline",
        observed=_description(entry),
        read_from=_READ_FROM,
        message=entry["reason"].rstrip("."),
    )


def _description(entry: Vulnerability) -> str:
    due = f"due {entry['due']}" if entry["due"] else "no deadline"
    return f"{entry['id']} in {entry['package']} {entry['installed']}: {entry['severity']}, {due}"
