# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The CSV files beside the page, which have every row of its tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet.figures import Document, Row
from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet.page import share
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.citations import cell

# By file the part of the document that it has, and its columns.
TABLES = {
    "hosts.csv": (
        "hosts",
        (
            "host", "groups", "profile", "outcome", "seen", "days", "percent", "applicable", "fail", "error", "waived", "not_checked", "serious",
            "overdue", "drift", "unexplained", "image", "image_version", "image_age",
        ),
    ),
    "trend.csv": ("trend", ("day", "hosts", "passed", "applicable", "percent")),
    "areas.csv": ("areas", ("area", "group", "hosts", "passed", "applicable", "percent")),
    "images.csv": ("images", ("image", "version", "built", "age", "hosts")),
    "failing.csv": ("failing", ("control", "title", "area", "severity", "hosts", "named")),
    "overdue.csv": ("overdue", ("id", "package", "severity", "exploited", "due", "days", "fixed", "hosts", "named")),
    "drift.csv": ("drift", ("class", "category", "item", "severity", "unexplained", "explained_by", "hosts", "named")),
    "waivers.csv": ("waivers", ("control", "title", "reason", "approver", "until", "days", "hosts", "named")),
    "differing.csv": (
        "differing",
        ("host", "control", "title", "severity", "status", "observed", "others", "others_observed", "peers", "profile", "image"),
    ),
}  # fmt: skip


def tables(found: Document) -> dict[str, str]:
    """The files as texts."""
    return {name: _table(columns, found[part]) for name, (part, columns) in TABLES.items()}


def _table(columns: tuple[str, ...], rows: Iterable[Row]) -> str:
    with io.StringIO(newline="") as stream:
        table = csv.writer(stream)
        table.writerow(columns)
        table.writerows([_value(row, name) for name in columns] for row in rows)
        return stream.getvalue()


def _value(row: Row, name: str) -> str | int | float:
    value = row[name] if name in row else share(row["passed"], row["applicable"])
    if isinstance(value, list):
        value = " ".join(value)
    return "" if value is None else cell(value)
