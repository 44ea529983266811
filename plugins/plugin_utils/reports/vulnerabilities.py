# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run says about vulnerabilities: those that it closed, those that stay open, and what is known to say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run

NOT_STATED = "No feed was given, so nothing can be said about vulnerabilities."
# The order of their statuses: what somebody has to do first.
URGENCY_ORDER = ("overdue", "due", "on_time", "waived", "no_fix", "unknown")


def vulnerabilities(run: Run) -> dict[str, Any]:
    """Stated only when a feed was read: without one, no list of vulnerabilities is an empty one."""
    stated = bool(run["feeds"])
    still = sorted(
        run["vulnerabilities"], key=lambda entry: (URGENCY_ORDER.index(status(entry)), entry["due"] or "9999" if "due" in entry else "")
    )
    return {"stated": stated, "text": _sentence(run["closed"], still) if stated else NOT_STATED, "closed": run["closed"], "open": still}


def status(entry: Entry) -> str:
    """How an open vulnerability stands to its deadline; unknown where no policy of deadlines was asked."""
    known = entry.get("status", "unknown")
    return known if known in URGENCY_ORDER else "unknown"


def _sentence(closed: Sequence[Entry], still: Sequence[Entry]) -> str:
    late = sum(status(entry) == "overdue" for entry in still)
    figures = f"{_many(closed)} closed, {_many(still)} still open as far as the feeds know"
    return f"{figures}, {late} of them past the deadline." if late else f"{figures}."


def _many(entries: Sequence[Entry]) -> str:
    count = len({entry["id"] for entry in entries})
    return f"{count} vulnerability" if count == 1 else f"{count} vulnerabilities"
