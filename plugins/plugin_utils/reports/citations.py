# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""coverage.csv: one row a citation of every framework, for whoever works with tables."""

from __future__ import annotations

import csv
import io

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL, STATUSES

COLUMNS = ("framework", "citation", "title", "label", "state", "controls", *STATUSES, "failing", "reason", "shows")


def citations(run):
    with io.StringIO(newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for covered in run["coverage"].values():
            table.writerows(map(_cell, _row(covered["framework"], row)) for row in covered["citations"])
        return stream.getvalue()


def _row(framework, row):
    failing = " ".join(control["control"] for control in row["controls"] if control["status"] in (FAIL, ERROR))
    figures = (len(row["controls"]), *(row["counts"][status] for status in STATUSES))
    return (framework, row["citation"], row["title"], row["label"], row["state"], *figures, failing, row["reason"], row["shows"])


def _cell(value):
    """A value that a spreadsheet takes for a text, and never for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
