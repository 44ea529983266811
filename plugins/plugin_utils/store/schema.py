# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables of the evidence store. docs/evidence-store.md describes every column; a change of any needs another version."""

from __future__ import annotations

# The files of one version have the same columns in the same order, so that an engine reads all of them as one table.
VERSION = 1

_RUN = {"run": "VARCHAR", "host": "VARCHAR", "ended": "TIMESTAMP"}
_WAIVER = {"waiver_reason": "VARCHAR", "waiver_approver": "VARCHAR", "waiver_until": "DATE", "waiver_expired": "BOOLEAN"}
STATUS_COLUMNS = ("pass", "fail", "error", "waived", "not_checked", "not_applicable")

RUNS, RECORDS, VULNERABILITIES = "runs", "records", "vulnerabilities"
# By kind the columns with their types, as DuckDB names them. Times are in UTC.
KINDS: dict[str, dict[str, str]] = {
    RECORDS: {
        **_RUN,
        "control": "VARCHAR",
        "title": "VARCHAR",
        "area": "VARCHAR",
        "severity": "VARCHAR",
        "level": "INTEGER",
        "origin": "VARCHAR",
        "stage": "VARCHAR",
        "status": "VARCHAR",
        "expected": "VARCHAR",
        "observed": "VARCHAR",
        "read_from": "VARCHAR",
        "message": "VARCHAR",
        **_WAIVER,
        "citations": "VARCHAR[]",
        "category": "VARCHAR",
        "item": "VARCHAR",
        "class": "VARCHAR",
        "explained_by": "VARCHAR",
    },
    VULNERABILITIES: {
        **_RUN,
        "id": "VARCHAR",
        "package": "VARCHAR",
        "severity": "VARCHAR",
        "state": "VARCHAR",
        "identified": "DATE",
        "due": "DATE",
        "fixed": "VARCHAR",
        "exploited": "BOOLEAN",
        **_WAIVER,
    },
    # The last that is written: a run is complete when it is here.
    RUNS: {
        **_RUN,
        "started": "TIMESTAMP",
        "outcome": "VARCHAR",
        "profile": "VARCHAR",
        "groups": "VARCHAR[]",
        "stages": "VARCHAR[]",
        "controls": "INTEGER",
        "applicable": "INTEGER",
        **{f"controls_{status}": "INTEGER" for status in STATUS_COLUMNS},
        "percent": "INTEGER",
        "image": "VARCHAR",
        "image_version": "VARCHAR",
        "image_built": "TIMESTAMP",
        "promoted": "VARCHAR",
        "promoted_sha256": "VARCHAR",
        "vulnerabilities_stated": "BOOLEAN",
        "compared": "BOOLEAN",
        "collection_version": "VARCHAR",
        "manifest_sha256": "VARCHAR",
    },
}
