# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The text format in which LVM keeps its metadata: sections of names with numbers, strings, and lists of these.

A name that stands twice in a section is refused, although LVM takes the last of them: it writes none such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Union

Scalar = Union[int, str]
Section = dict[str, Any]

# A group with volumes has four levels.
DEEPEST = 8
_TOKEN = re.compile(
    r'\s+|#[^\n]*|(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>[+-]?[0-9]{1,19}(?![\w.+-]))|(?P<name>[\w.+/-]+)|(?P<sign>[{}\[\]=,])', re.A
)


class Malformed(ValueError):
    """A text that is not of this format, in a few words."""


def parse(text: str) -> Section:
    """The sections of a text as dictionaries. Nothing recurses, so that depth costs no stack."""
    tokens = _tokens(text)
    whole: Section = {}
    open_sections = [whole]
    for kind, word in tokens:
        if (kind, word) == ("sign", "}") and len(open_sections) > 1:
            open_sections.pop()
            continue
        if kind not in ("name", "number"):
            raise Malformed(f"a name is expected where {word[:40]!r} stands")
        section = open_sections[-1]
        if word in section:
            raise Malformed(f"{word[:80]} stands in it twice")
        sign = _next(tokens)
        if sign == ("sign", "{"):
            if len(open_sections) > DEEPEST:
                raise Malformed("its sections are nested deeper than any")
            section[word] = {}
            open_sections.append(section[word])
        elif sign == ("sign", "="):
            section[word] = _value(tokens)
        else:
            raise Malformed(f"neither a value nor a section follows {word[:80]}")
    if len(open_sections) > 1:
        raise Malformed("it ends within a section")
    return whole


def _value(tokens: Iterator[tuple[str, str]]) -> Scalar | list[Scalar]:
    token = _next(tokens)
    if token != ("sign", "["):
        return _scalar(*token)
    values: list[Scalar] = []
    token = _next(tokens)
    while token != ("sign", "]"):
        values.append(_scalar(*token))
        token = _next(tokens)
        if token == ("sign", ","):
            token = _next(tokens)
        elif token != ("sign", "]"):
            raise Malformed("a list of it has no comma between its values")
    return values


def _scalar(kind: str, word: str) -> Scalar:
    if kind == "number":
        return int(word)
    if kind == "string":
        return re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.S)
    raise Malformed(f"a value is expected where {word[:40]!r} stands")


def _next(tokens: Iterator[tuple[str, str]]) -> tuple[str, str]:
    for token in tokens:
        return token
    raise Malformed("it ends within a section")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Words with their kinds, without blanks and comments."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            raise Malformed(f"the character {text[place]!r} means nothing where it stands")
        place = found.end()
        if found.lastgroup:
            yield found.lastgroup, found[0]
