# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the reader of one format returns; the join makes one inventory of several."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.machine import Machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable


@dataclass
class Source:
    """``complete`` sources list whole machines; the others only add to machines of a complete one, such as a CMDB sheet does."""

    name: str
    kind: str
    exported: str = ""
    complete: bool = True
    machines: list[Machine] = field(default_factory=list)
    # Each a mapping with the name and the reason: templates, placeholders, machines of the platform itself.
    left_out: list[dict[str, str]] = field(default_factory=list)
    hosts: list[dict[str, Any]] = field(default_factory=list)
    clusters: list[dict[str, Any]] = field(default_factory=list)
    flows: list[dict[str, Any]] = field(default_factory=list)
    samples: dict[str, list[list[Any]]] = field(default_factory=dict)


def require_recent(exported: str, today: str, days: int, place: str) -> None:
    """An old export describes machines that are gone and misses those that came since."""
    if not exported:
        return
    age = (date.fromisoformat(today) - date.fromisoformat(exported)).days
    if age > days:
        raise Unusable(f"{place}: the export is of {exported}, {age} days old, and {days} are allowed; export again, or raise max_age.")
    if age < -1:
        raise Unusable(f"{place}: the export is of {exported}, which is after {today}; check the clock, or the order of day and month.")
