# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""TOML as agents write it, read as Python's own library reads it or not at all: what is there twice is not understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NoReturn, Union

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Assignment, NotUnderstood, flat

_DEEPEST = 40
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_NAME = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_PARTS = re.compile(_PART)
_BARE = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?", re.A)
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
_VALUE = re.compile(
    r"true|false|[+-]?(?:inf|nan)|[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
    rf"|0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*|{_TIME}|{_DATE}(?:[Tt ]{_TIME}(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?",
    re.A,
)
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([ \t]*\n[ \t\n]*)|(.)|$)", re.S)


class _Table(dict[str, "_Item"]):
    """A table; ``headed`` when a header of its own opened it, ``closed`` when nothing may be added from elsewhere."""

    headed = closed = False


class _Value:
    """What is assigned to a key, and the line."""

    def __init__(self, value: object, line: int) -> None:
        self.value, self.line = value, line


_Item = Union[_Table, _Value, "list[_Table]"]


class _Text:
    """A text and how far it is read."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self._counted, self._line, self.depth = text, 0, 0, 1, 0

    @property
    def line(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def fail(self) -> NoReturn:
        raise NotUnderstood(self.line)

    def skip(self, blanks: str = " \t") -> None:
        """Go over blanks and comments."""
        while self.at < len(self.text):
            if self.text[self.at] in blanks:
                self.at += 1
            elif self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            self.fail()
        self.at = found.end()
        return found[0]

    def went(self, start: str) -> bool:
        """Go over a text if it stands here."""
        there = self.text.startswith(start, self.at)
        self.at += len(start) if there else 0
        return there


def toml(text: str) -> Iterator[Assignment]:
    source = _Text(text.replace("\r\n", "\n"))
    odd = _ODD.search(source.text)
    if odd:
        source.at = odd.start()
        source.fail()
    root = table = _Table()
    while True:
        source.skip(" \t\n")
        if source.at == len(source.text):
            break
        if source.went("[["):
            table = _listed(source, root, _header(source, "]]"))
        elif source.went("["):
            table = _headed(source, root, _header(source, "]"))
        else:
            _assign(source, table)
        source.skip()
        if source.at < len(source.text) and source.text[source.at] != "\n":
            source.fail()
    yield from _assignments(root, "")


def _assignments(found: _Item, key: str) -> Iterator[Assignment]:
    if isinstance(found, _Value):
        yield from flat(found.value, found.line, key)
        return
    for name, item in found.items() if isinstance(found, dict) else enumerate(found):
        yield from _assignments(item, f"{key}.{name}" if key else str(name))


def _header(source: _Text, end: str) -> list[str]:
    source.skip()
    names = _names(source)
    source.skip()
    if not source.went(end):
        source.fail()
    return names


def _names(source: _Text) -> list[str]:
    """The parts of a key."""
    names = _PARTS.findall(source.take(_NAME))
    if len(names) > _DEEPEST:
        source.fail()
    return [_unescaped(source, name[1:-1]) if name[0] == '"' else name.strip("'") if name[0] == "'" else name for name in names]


def _within(source: _Text, root: _Table, names: list[str]) -> _Table:
    """The table that a header is in; of a list of tables that is the last one."""
    table = root
    for name in names:
        inner = table.setdefault(name, _Table())
        inner = inner[-1] if isinstance(inner, list) else inner
        if not isinstance(inner, _Table) or inner.closed:
            source.fail()
        table = inner
    return table


def _headed(source: _Text, root: _Table, names: list[str]) -> _Table:
    outer = _within(source, root, names[:-1])
    table = outer.setdefault(names[-1], _Table())
    if not isinstance(table, _Table) or table.headed or table.closed:
        source.fail()
    table.headed = True
    return table


def _listed(source: _Text, root: _Table, names: list[str]) -> _Table:
    outer = _within(source, root, names[:-1])
    tables = outer.setdefault(names[-1], [])
    if not isinstance(tables, list):
        source.fail()
    tables.append(_Table())
    tables[-1].headed = True
    return tables[-1]


def _assign(source: _Text, table: _Table) -> None:
    """``a.b = value``: what dots open on their way no header opens again."""
    line, names = source.line, _names(source)
    source.skip()
    if not source.went("="):
        source.fail()
    for name in names[:-1]:
        below = table.setdefault(name, _Table())
        if not isinstance(below, _Table) or below.headed or (below and not below.closed):
            source.fail()
        below.closed = True
        table = below
    if names[-1] in table:
        source.fail()
    source.skip()
    table[names[-1]] = _Value(_value(source), line)


def _value(source: _Text) -> object:
    for quote in ('"""', "'''", '"', "'"):
        if source.went(quote):
            return _string(source, quote)
    source.depth += 1
    if source.depth > _DEEPEST:
        source.fail()
    found: object
    if source.went("["):
        found = _sequence(source)
    elif source.went("{"):
        found = _mapping(source)
    else:
        word = found = source.take(_BARE)
        if not _VALUE.fullmatch(word):
            source.fail()
        if re.match(_DATE, word):
            _day(source, word[:10])
    source.depth -= 1
    return found


def _day(source: _Text, text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        source.fail()


def _string(source: _Text, quote: str) -> str:
    start = end = source.at
    while not source.text.startswith(quote, end):
        if end >= len(source.text) or (len(quote) == 1 and source.text[end] == "\n"):
            source.fail()
        end += 2 if quote[0] == '"' and source.text[end] == "\\" else 1
    if len(quote) == 3:
        # Up to two quotes may stand before those that end it.
        run = len(source.text[end : end + 6]) - len(source.text[end : end + 6].lstrip(quote[0]))
        end += min(run - 3, 2) if end > start else 0
    value, source.at = source.text[start:end], end + len(quote)
    value = value[1:] if len(quote) == 3 and value.startswith("\n") else value
    return value if quote[0] == "'" else _unescaped(source, value)


def _unescaped(source: _Text, text: str) -> str:
    def character(found: re.Match[str]) -> str:
        digits = found[1] or found[2]
        if digits:
            number = int(digits, 16)
            if number > 0x10FFFF or 0xD800 <= number < 0xE000:
                source.fail()
            return chr(number)
        if found[3]:
            return ""
        if found[4] not in _ESCAPES:
            source.fail()
        return _ESCAPES[found[4]]

    return _ESCAPE.sub(character, text)


def _sequence(source: _Text) -> list[object]:
    items: list[object] = []
    while True:
        source.skip(" \t\n")
        if source.went("]"):
            return items
        items.append(_value(source))
        source.skip(" \t\n")
        if not source.went(",") and not source.text.startswith("]", source.at):
            source.fail()


def _mapping(source: _Text) -> object:
    """A table in braces: on one line, and without a comma at its end."""
    items = _Table()
    source.skip()
    if source.went("}"):
        return {}
    while True:
        source.skip()
        _assign(source, items)
        source.skip()
        if source.went("}"):
            return _plain(items)
        if not source.went(","):
            source.fail()


def _plain(found: _Item) -> object:
    if isinstance(found, _Value):
        return found.value
    if isinstance(found, list):
        return [_plain(each) for each in found]
    return {name: _plain(item) for name, item in found.items()}
