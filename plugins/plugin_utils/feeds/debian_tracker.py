# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Debian security tracker's JSON: package, then vulnerability, then release with its status and fixed version."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import Parsed, claim, severity

# An undetermined one is not known to concern the release at all, and debsecan leaves it out too.
_STATUSES = ("resolved", "open", "undetermined")


def parse(path):
    """The feed of a file; the fixed version 0 means that a release never had the vulnerability."""
    tracked = files.document(files.content(path), dict)
    parsed = Parsed(len(tracked))
    try:
        for package, vulnerabilities in tracked.items():
            for identifier, vulnerability in vulnerabilities.items():
                for release, state in vulnerability["releases"].items():
                    _add(parsed, release, package, identifier, state)
    except (AttributeError, KeyError, TypeError) as problem:
        raise files.unlike(f"an entry without {problem}") from problem
    if not parsed.claims:
        raise files.nothing("vulnerabilities")
    return parsed


def _add(parsed, release, package, identifier, state):
    status, fixed = state["status"], state.get("fixed_version")
    if status not in _STATUSES:
        raise files.unlike(f"the status {status} of {identifier}")
    # A release of which everything is fixed is one that the feed tells of.
    packages = parsed.claims.setdefault(f"debian/{release}", {})
    if status == "open" or status == "resolved" and fixed != "0":
        claimed = claim([identifier], [[None, fixed if status == "resolved" else None, None]], severity=severity(state.get("urgency") or ""))
        packages.setdefault(package, []).append(claimed)
