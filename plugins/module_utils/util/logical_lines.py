# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files with one setting per line that have no drop-ins: what a program reads as one line, and which physical lines that is.

An edit touches those physical lines and nothing else: comments, blank lines, line ends and a last line without an end
stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of


@dataclass(frozen=True)
class Line:
    """What a program reads as one line, from the physical line ``first`` to the one numbered ``last``."""

    first: int
    last: int
    text: str


def replaced(text: str, line: Line, *new: str, carriage: bool = True) -> str:
    """The text with ``new`` lines, which may be none, in place of the physical ones of a Line.

    A carriage return at the end stays, but not for a program that takes it for a part of the last word.
    """
    lines = text.split("\n")
    end = "\r" if carriage and lines[line.last - 1].endswith("\r") else ""
    lines[line.first - 1 : line.last] = [f"{each}{end}" for each in new]
    return "\n".join(lines)


def inserted(text: str, line: Line, new: str) -> str:
    """The text with a ``new`` line after the physical ones of a Line."""
    lines = text.split("\n")
    lines.insert(line.last, new)
    return "\n".join(lines)


def appended(text: str, line: str) -> str:
    """The text with one more line at its end, in the manner of all those before it."""
    end = "\r\n" if 0 < text.count("\n") == text.count("\r\n") else "\n"
    return f"{text}{end if text and not text.endswith(chr(10)) else ''}{line}{end}"


def active(text: str, key: str, separator: str, comment: str | None = None) -> list[tuple[int, str]]:
    """Every line that sets ``key``, as ``(line number, value)``; ``comment`` begins one anywhere in a line."""
    pattern = re.compile(rf"\s*{re.escape(key)}(?:{separator}(.*))?\s*$", re.A)
    texts = (line.partition(comment)[0] if comment else line for line in lines_of(text))
    matches = ((number, pattern.match(line)) for number, line in enumerate(texts, 1))
    return [(number, (match[1] or "").strip(BLANKS)) for number, match in matches if match]


def put(text: str, key: str, line: str, separator: str, comment: str | None = None) -> str:
    """The text in which ``line`` alone sets ``key``: in place of its first line, of its commented example, or at the end."""
    numbers = [number for number, unused_value in active(text, key, separator, comment)]
    if numbers:
        unused_text, sign, note = lines_of(text)[numbers[0] - 1].partition(comment or "\0")
        line += f"  {sign}{note}".rstrip("\r") if sign else ""
    else:
        example = re.compile(rf"#[ \t]?{re.escape(key)}(?:{separator}\S+)?\s*$", re.A)
        numbers = [number for number, old in enumerate(lines_of(text), 1) if example.match(old)][:1]
    if not numbers:
        return appended(text, line)
    text = only(text, numbers[0], numbers)
    return replaced(text, Line(numbers[0], numbers[0], line), line)


def only(text: str, kept: int, numbers: list[int]) -> str:
    """The text in which of the lines with these numbers the ``kept`` one alone is left."""
    for number in sorted(numbers, reverse=True):
        text = text if number == kept else replaced(text, Line(number, number, ""))
    return text


def drop(text: str, key: str, separator: str, comment: str | None = None) -> str:
    """The text in which every line that sets ``key`` is a comment."""
    for number, unused_value in active(text, key, separator, comment):
        text = replaced(text, Line(number, number, ""), f"# {lines_of(text)[number - 1]}".rstrip("\r"))
    return text
