# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""results.json: every record with the figures over them, and what was patched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.previous import DIFFERENCES
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run

SCHEMA_VERSION = 1


def results(run: Run) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "host": run["host"],
        "ended": run["ended"],
        "score": run["score"],
        "since": _since(run["since"]),
        "records": run["records"],
        "patches": {"changed": run["changes"], "pending": run["pending"], "vulnerabilities": run["patches"], "feeds": run["feeds"]},
    }


def _since(since: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is different since the run before, by the controls' identifiers."""
    if not since or not since["run"]:
        return None
    return {"run": since["run"], "ended": since["ended"], **{sort: [row["control"] for row in since[sort]] for sort in DIFFERENCES}}
