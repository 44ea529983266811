# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""coverage.csv: one row per citation of every framework, for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STATUSES
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import FAILED

COLUMNS = ("framework", "citation", "title", "label", "state", "controls", *STATUSES, "failing", "reason", "shows")


def citations(run: Run) -> str:
    with io.StringIO(newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for covered in run["coverage"].values():
            table.writerows(map(cell, _row(covered["framework"], row)) for row in covered["citations"])
        return stream.getvalue()


def _row(framework: str, row: dict[str, Any]) -> tuple[str | int, ...]:
    failing = " ".join(control["control"] for control in row["controls"] if control["status"] in FAILED)
    figures = (len(row["controls"]), *(row["counts"][status] for status in STATUSES))
    return (framework, row["citation"], row["title"], row["label"], row["state"], *figures, failing, row["reason"], row["shows"])


def cell(value: str | float) -> str | float:
    """A value that a spreadsheet takes for a text, and never for a formula."""
    return f"'{value}" if isinstance(value, str) and value.lstrip().startswith(("=", "+", "-", "@")) else value
