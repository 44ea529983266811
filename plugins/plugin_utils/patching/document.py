# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The patch plan of one host as one document, which pages, records and evidence read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# What is known of a host that could not be asked.
NOTHING: dict[str, Any] = {
    "system": {},
    "pending": [],
    "holds": [],
    "expired": [],
    "kernels": [],
    "vulnerabilities": [],
    "closed": [],
    "feeds": [],
}

Plan = dict[str, Any]


def document(
    found: Mapping[str, Any], host: str, today: str, exposure: str, criticality: str, problem: str = "", records: Sequence[Any] = ()
) -> Plan:
    """The plan; ``found`` is what patch_info found, or empty where there is a ``problem``. Its values stay as they are."""
    return {
        "host": host,
        "today": today,
        "exposure": exposure,
        "criticality": criticality,
        "problem": problem,
        **{name: found.get(name, nothing) for name, nothing in NOTHING.items()},
        "records": list(records),
    }
