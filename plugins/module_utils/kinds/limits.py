# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Comparisons for settings that a stricter value than the wanted one satisfies too."""

from __future__ import annotations


def at_most(wanted, value, lowest=1):
    """No more than wanted; below ``lowest`` a limit is switched off."""
    limit, found = _numbers(wanted, value)
    return found is not None and lowest <= found <= limit


def at_least(wanted, value):
    limit, found = _numbers(wanted, value)
    return found is not None and found >= limit


def no_more_bits(wanted, value):
    """An octal mode that grants nothing beyond the wanted one."""
    mode, found = _numbers(wanted, value, 8)
    return found is not None and found & ~mode == 0


def no_fewer_bits(wanted, value):
    """An octal umask that takes away at least what the wanted one does."""
    mask, found = _numbers(wanted, value, 8)
    return found is not None and found & mask == mask


def _numbers(wanted, value, base=10):
    """Both as numbers; what was found is None when it is no number, as software ignores it then."""
    try:
        return int(str(wanted), base), int(str(value), base)
    except ValueError:
        return int(str(wanted), base), None
