# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moments as products write them, in seconds since 1970."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS


def moment(text: str) -> float:
    """Of an ISO 8601 time with any number of decimals, in UTC where it names no zone, or of seconds since 1970."""
    text = str(text).strip(BLANKS)
    if re.fullmatch(r"[0-9]+([.][0-9]+)?", text):
        return float(text)
    parts = re.fullmatch(r"([0-9-]{10})[T ]([0-9:]{5,8})(?:[.]([0-9]+))? ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?", text)
    if not parts:
        raise ValueError(f"{text[:40]} is not a time: expected is ISO 8601, such as 2026-05-04T02:00:00Z, or seconds since 1970")
    day, clock, decimals, zone = parts.groups()
    zone = "+00:00" if zone in (None, "Z", "UTC") else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    clock = clock if clock.count(":") == 2 else clock + ":00"
    return datetime.fromisoformat(f"{day}T{clock}{zone}").timestamp() + float(f"0.{decimals or 0}")


def written(seconds: float) -> str:
    """A moment in UTC as a record shows it."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
