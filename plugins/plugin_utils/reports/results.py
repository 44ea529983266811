# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""results.json: every record with the figures over them, and what was patched."""

from __future__ import annotations

SCHEMA_VERSION = 1


def results(run):
    return {
        "schema_version": SCHEMA_VERSION,
        "host": run["host"],
        "ended": run["ended"],
        "score": run["score"],
        "records": run["records"],
        "patches": {
            "changed": run["changes"],
            "pending": run["pending"],
            "vulnerabilities": run["patches"],
            "feeds": run["feeds"],
        },
    }
