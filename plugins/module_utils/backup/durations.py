# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Spans of time as an operator writes them, ``24h`` or ``30d``, and as a sentence tells them."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_WORDS = {"d": "day", "h": "hour", "m": "minute", "s": "second"}


def seconds(text: str | int | None) -> int | None:
    """The seconds of ``90``, ``90s``, ``15m``, ``24h``, ``30d`` or ``4w``; of nothing, nothing."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]+) *([wdhms]?)", str(text).strip(BLANKS))
    if not found or int(found[1]) == 0:
        raise ValueError(f"{text} is not a duration: write a number with w, d, h, m or s, such as 24h")
    return int(found[1]) * UNITS[found[2] or "s"]


def format_duration(span: float) -> str:
    """A span in the largest unit of which it has at least two, so that nobody reads 36 hours as a day."""
    span = max(0, span)
    if 0 < span < 10:
        return f"{span:.1f} seconds"
    unit = next((unit for unit in "dhm" if span >= 2 * UNITS[unit]), "s")
    number = int(span // UNITS[unit])
    return f"{number} {_WORDS[unit]}{'' if number == 1 else 's'}"
