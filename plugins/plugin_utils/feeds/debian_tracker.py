# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Debian security tracker's JSON: package, then vulnerability, then release with its status and fixed version."""

from __future__ import annotations

from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import Parsed, claim, severity, shown, word

# An undetermined one is not known to concern the release at all, and debsecan leaves it out too.
_STATUSES = ("resolved", "open", "undetermined")


def parse(path: str) -> Parsed:
    """The feed of a file; the fixed version 0 means that a release never had the vulnerability."""
    tracked = files.document(files.content(path), dict)
    parsed = Parsed(len(tracked))
    for package, vulnerabilities in tracked.items():
        if not isinstance(vulnerabilities, dict):
            raise files.unlike(f"{shown(package)}, which is not a mapping,")
        for identifier, vulnerability in vulnerabilities.items():
            try:
                for release, state in vulnerability["releases"].items():
                    _add(parsed, word(release), word(package), identifier, state)
            except files.ODD as problem:
                raise files.odd(f"an entry {shown(identifier)} of {shown(package)}", problem) from problem
    if not parsed.claims:
        raise files.nothing("vulnerabilities")
    return parsed


def _add(parsed: Parsed, release: str, package: str, identifier: str, state: dict[str, Any]) -> None:
    status, fixed = state["status"], state.get("fixed_version")
    if status not in _STATUSES:
        raise files.unlike(f"the status {shown(status)} of {shown(identifier)}")
    # A release of which everything is fixed is one that the feed tells of.
    packages = parsed.claims.setdefault(f"debian/{release}", {})
    if status == "open" or (status == "resolved" and fixed != "0"):
        claimed = claim(
            [identifier], [[None, fixed if status == "resolved" else None, None]], severity=severity(state.get("urgency") or "")
        )
        packages.setdefault(package, []).append(claimed)
