# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Comparisons for settings that a stricter value than the wanted one satisfies too."""

from __future__ import annotations

import re

# Python would take digits of other scripts, underscores and blanks as well.
_DIGITS = {8: re.compile("[+-]?(0[oO])?[0-7]+"), 10: re.compile("[+-]?[0-9]+")}


def at_most(wanted: object, value: object, lowest: int = 1) -> bool:
    """No more than wanted; below ``lowest`` a limit is switched off."""
    limit, found = _numbers(wanted, value)
    return found is not None and lowest <= found <= limit


def at_least(wanted: object, value: object) -> bool:
    limit, found = _numbers(wanted, value)
    return found is not None and found >= limit


def no_more_bits(wanted: object, value: object) -> bool:
    """An octal mode that grants nothing beyond the wanted one."""
    mode, found = _numbers(wanted, value, 8)
    return found is not None and found & ~mode == 0


def no_fewer_bits(wanted: object, value: object) -> bool:
    """An octal umask that takes away at least what the wanted one does."""
    mask, found = _numbers(wanted, value, 8)
    return found is not None and found & mask == mask


def _numbers(wanted: object, value: object, base: int = 10) -> tuple[int, int | None]:
    """Both as numbers; what was found is None when it is no number, as software ignores it then."""
    return int(str(wanted), base), int(str(value), base) if _DIGITS[base].fullmatch(str(value)) else None
