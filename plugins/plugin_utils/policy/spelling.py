# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a sentence about a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# What a misspelt name is compared with has an end.
_LONGEST_NAME, _MOST_NAMES = 80, 1000
# More names than this help nobody.
_MOST_LISTED = 20


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """A question after the name that was meant, or nothing where none is near."""
    close = difflib.get_close_matches(str(name)[:_LONGEST_NAME], list(names)[:_MOST_NAMES], 1)
    return f"did you mean {close[0]}" if close else ""


def suggestion(name: object, names: Iterable[str]) -> str:
    """What to write for a name that is not there: the one that was meant, or those that there are."""
    known = list(names)
    listed = f"choose one of {', '.join(known)}" if 0 < len(known) <= _MOST_LISTED else "check its spelling"
    return did_you_mean(name, known) or listed
