# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where an image can run, as a table: a row per aspect, a column per platform; and the machines that it was booted on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record

# The rows in the order of a boot, each with its heading.
ASPECTS = {
    "firmware": "Firmware",
    "disk": "Disk driver",
    "devices": "Disk names",
    "swap": "Swap",
    "console": "Console",
    "cmdline": "Kernel parameters",
    "modules": "Modules",
    "network": "Network driver",
    "names": "Card names",
    "datasource": "cloud-init",
    "hostname": "Host name",
    "agent": "Agent",
    "time": "Time",
}
_AREA, _BOOT = "portable", "boot"


def table(records: Iterable[Record]) -> dict[str, Any] | None:
    """The table as the page shows it, or None where nobody asked for it."""
    cells: dict[str, dict[str, Record]] = {}
    boots: list[dict[str, Any]] = []
    for record in records:
        area, unused_hyphen, rest = record["control"].partition("-")
        aspect, unused_hyphen, subject = rest.partition("-")
        if area != _AREA or not subject:
            continue
        if aspect == _BOOT:
            boots.append({"machine": subject, "record": record})
        elif aspect in ASPECTS:
            cells.setdefault(subject, {})[aspect] = record
    if not cells and not boots:
        return None
    rows = [(heading, [cells[platform].get(aspect) for platform in cells]) for aspect, heading in ASPECTS.items()]
    return {"platforms": list(cells), "rows": [row for row in rows if any(row[1])], "boots": boots}
