# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""TOML as agents write it: tables, lists of tables, and keys with values of one or more lines."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood, flat, scalar

_TABLE = re.compile(r"\[\s*([^\[\]]+?)\s*\]")
_TABLES = re.compile(r"\[\[\s*([^\[\]]+?)\s*\]\]")
_KEY = re.compile(r"""((?:[\w-]+|"[^"]*"|'[^']*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"]*"|'[^']*'))*)[ \t]*=[ \t]*""")
_BARE = re.compile(r"[^\s,\]}#]+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\"}


class _Text:
    """A text and how far it is read."""

    def __init__(self, text):
        self.text, self.at = text, 0

    @property
    def line(self):
        return self.text.count("\n", 0, self.at) + 1

    def fail(self):
        raise NotUnderstood(self.line)

    def skip(self, blanks=" \t"):
        """Go over blanks and comments."""
        while self.at < len(self.text):
            if self.text[self.at] in blanks:
                self.at += 1
            elif self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def take(self, pattern):
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def peek(self, start):
        return self.text.startswith(start, self.at)


def toml(text):
    source, table, counted = _Text(text), "", {}
    while True:
        source.skip(" \t\r\n")
        if source.at == len(source.text):
            return
        found = source.take(_TABLES)
        if found:
            name = _name(found[1])
            table = f"{name}.{counted.setdefault(name, 0)}."
            counted[name] += 1
        elif source.peek("["):
            found = source.take(_TABLE) or source.fail()
            table = f"{_inside(_name(found[1]), counted)}."
        else:
            yield from _assignment(source, table)
        source.skip()
        if source.at < len(source.text) and source.text[source.at] not in "\r\n":
            source.fail()


def _inside(name, counted):
    """A table below a list of tables belongs to the last one of it."""
    parents = [parent for parent in counted if name.startswith(f"{parent}.")]
    longest = max(parents, key=len, default=None)
    return name if longest is None else f"{longest}.{counted[longest] - 1}{name[len(longest):]}"


def _name(dotted):
    return ".".join(part.strip().strip("\"'") for part in dotted.split("."))


def _assignment(source, table):
    line = source.line
    found = source.take(_KEY) or source.fail()
    yield from flat(_value(source), line, f"{table}{_name(found[1])}")


def _value(source):
    for quote in ('"""', "'''", '"', "'"):
        if source.peek(quote):
            return _string(source, quote)
    if source.peek("["):
        return _sequence(source)
    if source.peek("{"):
        return _mapping(source)
    return scalar((source.take(_BARE) or source.fail())[0])


def _string(source, quote):
    end = source.at + len(quote)
    while not source.text.startswith(quote, end):
        if end >= len(source.text) or (len(quote) == 1 and source.text[end] == "\n"):
            source.fail()
        end += 2 if quote[0] == '"' and source.text[end] == "\\" else 1
    value, source.at = source.text[source.at + len(quote):end], end + len(quote)
    value = value[1:] if len(quote) == 3 and value.startswith("\n") else value
    return value if quote[0] == "'" else re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), value)


def _sequence(source):
    source.at += 1
    items = []
    while True:
        source.skip(" \t\r\n")
        if source.peek("]"):
            source.at += 1
            return items
        items.append(_value(source))
        source.skip(" \t\r\n")
        if source.peek(","):
            source.at += 1
        elif not source.peek("]"):
            source.fail()


def _mapping(source):
    source.at += 1
    items = {}
    while True:
        source.skip()
        if source.peek("}"):
            source.at += 1
            return items
        name = _name((source.take(_KEY) or source.fail())[1])
        items[name] = _value(source)
        source.skip()
        if source.peek(","):
            source.at += 1
        elif not source.peek("}"):
            source.fail()
