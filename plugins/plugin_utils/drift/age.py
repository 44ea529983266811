# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a machine should be made anew from a patched image: advice, which changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, NOT_CHECKED, PASS, Record, record
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.records import LIVE

CONTROL = "drift-age"


def advice(records: Sequence[Record], built: str, runs: Sequence[str], today: str, limits: Mapping[str, Any]) -> list[Record]:
    """The result for the limits that the site set: ``differences`` that nothing explains, and ``days`` since the last patch.

    ``built`` is when the image was made, and ``runs`` are the names of runs that patched the machine, which begin with their day.
    """
    if not any(limits.get(name) for name in ("differences", "days")):
        return []
    open_differences = sum(bool(entry.get("drift")) and entry["status"] == FAIL for entry in records)
    last = max([built[:10], *(f"{run[:4]}-{run[4:6]}-{run[6:8]}" for run in runs)])
    try:
        days = (date.fromisoformat(today) - date.fromisoformat(last)).days
    except ValueError:
        return [record(CONTROL, NOT_CHECKED, LIVE, dict(limits), None, "the image", "the image does not say when it was built")]
    observed = {"differences": open_differences, "days": days}
    passed = [name for name in observed if limits.get(name) and observed[name] > limits[name]]
    words = {"differences": f"{open_differences} differences are not explained", "days": f"the last patch is {days} days old"}
    message = f"make the machine anew from a patched image: {' and '.join(words[name] for name in passed)}" if passed else ""
    return [
        record(CONTROL, FAIL if passed else PASS, LIVE, dict(limits), observed, "the image, and the runs that patched the machine", message)
    ]
