# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Text that comes out of a system, in whatever bytes, made fit for an answer that people and JSON read."""

from __future__ import annotations

import re
from typing import Any

# What a strict reader of UTF-8 refuses, and what would move a terminal's cursor. Lines and tabs are text.
_ODD = re.compile("[\ud800-\udfff\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ENDS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})


def presentable(value: Any) -> Any:
    """The same value in which every odd byte of a text is spelled, such as ``\\xE9``; keys of a mapping too."""
    if isinstance(value, str):
        return _ODD.sub(_spelled, value)
    if isinstance(value, bytes):
        return presentable(value.decode("utf-8", "surrogateescape"))
    if isinstance(value, dict):
        return {presentable(key): presentable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [presentable(inner) for inner in value]
    return value


def one_line(text: str) -> str:
    """A text as a part of one sentence: a name with a line's end in it begins no other."""
    return presentable(text.translate(_ENDS))


def shortened(path: str, most: int = 400) -> str:
    """A path of any length, as far as anybody would read it."""
    return path if len(path) <= most else f"{path[:most]}… ({len(path)} characters)"


def _spelled(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # a byte that was no UTF-8 (PEP 383)
        return f"\\x{number - 0xDC00:02X}"
    return f"\\u{number:04X}" if number > 0xFF else f"\\x{number:02X}"
