# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Foreign text where people read it: what moves a cursor, hides, or turns words round is spelt out."""

from __future__ import annotations

import unicodedata
from typing import Any


def readable(text: str, lines: bool = False) -> str:
    """``text`` on one line, or with ``lines`` on its own ones, and nothing in it that a terminal or a page would obey.

    Control characters, terminal codes, zero-width and bidirectional marks and
    bytes that were no text become escapes such as ``\\x1b``; blanks stay.
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(each if _harmless(each) or each in kept else each.encode("unicode_escape").decode("ascii") for each in text)


def _harmless(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def readable_throughout(value: Any) -> Any:
    """The same data with every text of it, names included, readable on its own lines."""
    if isinstance(value, str):
        return readable(value, lines=True)
    if isinstance(value, dict):
        return {readable_throughout(name): readable_throughout(item) for name, item in value.items()}
    if isinstance(value, list):
        return [readable_throughout(item) for item in value]
    return value
