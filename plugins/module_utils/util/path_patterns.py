# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Patterns for paths and for other names: ``*`` and ``?`` stay within a component, ``**`` crosses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_WILD = re.compile(r"(\*\*|\*|\?)")
_MEANING = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
_BELOW = "/**"


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a name is one of those that the patterns mean."""
    expression = "|".join(_translated(pattern) for pattern in patterns)
    if not expression:
        return lambda name: False
    found = re.compile(expression, re.S).fullmatch
    return lambda name: found(name) is not None


def covering(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether the patterns mean everything that may lie in a directory."""
    return matcher(pattern[: -len(_BELOW)] for pattern in patterns if pattern.endswith(_BELOW))


def _translated(pattern: str) -> str:
    return "".join(_MEANING.get(part, re.escape(part)) for part in _WILD.split(pattern))
