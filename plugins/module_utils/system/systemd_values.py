# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How systemd spells values: the same time span, size or boolean has many spellings (systemd.syntax(7), systemd.time(7))."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

_BOOLEANS = {**dict.fromkeys(("1", "yes", "y", "true", "t", "on"), True), **dict.fromkeys(("0", "no", "n", "false", "f", "off"), False)}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_YEAR = 31557600
_SECONDS = {
    **dict.fromkeys(("usec", "us", "µs"), 1e-6),
    **dict.fromkeys(("msec", "ms"), 1e-3),
    **dict.fromkeys(("", "seconds", "second", "sec", "s"), 1),
    **dict.fromkeys(("minutes", "minute", "min", "m"), _MINUTE),
    **dict.fromkeys(("hours", "hour", "hr", "h"), _HOUR),
    **dict.fromkeys(("days", "day", "d"), _DAY),
    **dict.fromkeys(("weeks", "week", "w"), 7 * _DAY),
    **dict.fromkeys(("months", "month", "M"), _YEAR / 12),
    **dict.fromkeys(("years", "year", "y"), _YEAR),
}
_BYTES = {unit: 1024**power for power, unit in enumerate(("", "K", "M", "G", "T", "P", "E"))}


def text(value: int | list[str] | str) -> str:
    """A value from YAML as it stands in a file; a list is one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " ".join(text(item) for item in value)
    return str(value).strip(BLANKS)


def same(one: str, other: str) -> bool:
    """Do two spellings mean the same?"""
    one, other = " ".join(words_of(one)), " ".join(words_of(other))
    if one == other:
        return True
    return any(meaning(one) is not None and meaning(one) == meaning(other) for meaning in (_boolean, span, _size))


def _boolean(value: str) -> bool | None:
    return _BOOLEANS.get(value.lower())


def span(value: str) -> float | None:
    """A span of time in seconds, or None when it is none."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-zA-Zµ]*)\s*", value, re.A)
    if not parts or "".join(number + unit for number, unit in parts) != value.replace(" ", ""):
        return None
    if any(unit not in _SECONDS for unused_n, unit in parts):
        return None
    return round(sum(float(number) * _SECONDS[unit] for number, unit in parts), 6)


def _size(value: str) -> int | None:
    found = re.fullmatch(r"(\d+)([KMGTPE]?)B?", value, re.A)
    return int(found[1]) * _BYTES[found[2]] if found else None
