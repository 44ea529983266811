# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of YAML that agents are configured in, without a library that a target may lack.

Mappings, lists, scalars plain and quoted, block scalars and anchors are read;
tags, several documents and scalars over several lines are not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood

_KEY = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^\s\-?:,\[\]{}#&*!|>'"%@`][^#]*?|-[^\s#][^#]*?)\s*:(?=\s|$)""")
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?")
_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)\s*")
_ALIAS = re.compile(r"\*([^\s,\[\]{}]+)\s*(?:#.*)?")
_STRANGE = ("&", "*", "!", "%", "@", "`", "? ")


@dataclass
class _Line:
    number: int
    indent: int
    text: str


def yaml_text(text):
    lines = _lines(text)
    reader = _Reader(lines, text.splitlines())
    yield from reader.node(lines[0].indent if lines else 0, "")
    if reader.at < len(lines):
        raise NotUnderstood(lines[reader.at].number)


def _lines(text):
    """The lines that may say something."""
    found = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.rstrip()
        stripped = line.lstrip(" ")
        if not stripped or stripped.startswith("#") or (line == "---" and not found):
            continue
        if stripped.startswith("\t"):
            raise NotUnderstood(number)
        found.append(_Line(number, len(line) - len(stripped), stripped))
    return found


class _Reader:
    """Goes through the lines; what is deeper belongs to what is above it."""

    def __init__(self, lines, raw):
        self.lines, self.raw, self.at, self.anchors = lines, raw, 0, {}

    @property
    def line(self):
        return self.lines[self.at] if self.at < len(self.lines) else None

    def node(self, indent, key):
        """The mapping or the list that begins here."""
        yield from self._list(indent, key) if self.line and _dashed(self.line) else self._mapping(indent, key)
        if self.line and self.line.indent > indent:
            raise NotUnderstood(self.line.number)

    def _mapping(self, indent, key):
        while self.line and self.line.indent == indent:
            line = self.line
            found = _KEY.match(line.text)
            if not found or _dashed(line):
                raise NotUnderstood(line.number)
            name = _quoted(found[1]) if found[1][0] in "\"'" else found[1]
            self.at += 1
            yield from self._value(line, line.text[found.end():].strip(), f"{key}.{name}" if key else name, indent)

    def _list(self, indent, key):
        number = 0
        while self.line and self.line.indent == indent and _dashed(self.line):
            yield from self._item(self.line, f"{key}.{number}" if key else str(number))
            number += 1

    def _item(self, line, key):
        """What follows the dash is a line of its own, as deep as it stands."""
        rest = line.text[1:].lstrip(" ")
        if rest and not _commented(rest) and (_KEY.match(rest) or rest.startswith("- ")):
            line.indent += len(line.text) - len(rest)
            line.text = rest
            yield from self.node(line.indent, key)
        else:
            self.at += 1
            yield from self._value(line, rest, key, line.indent)

    def _value(self, line, text, key, indent):
        anchor, alias = _ANCHOR.match(text), _ALIAS.fullmatch(text)
        if anchor:
            found = list(self._plain_value(line, text[anchor.end():], key, indent))
            self.anchors[anchor[1]] = [(below[len(key):], value) for below, value, unused_number in found]
            yield from found
        elif alias and alias[1] in self.anchors:
            # What is merged with << belongs to what is around it.
            outer = key[: -len("<<")].rstrip(".") if key.endswith("<<") else key
            yield from ((f"{outer}{below}".lstrip("."), value, line.number) for below, value in self.anchors[alias[1]])
        else:
            yield from self._plain_value(line, text, key, indent)

    def _plain_value(self, line, text, key, indent):
        if _BLOCK.fullmatch(text.partition(" ")[0] or " "):
            yield key, self._block(line, indent), line.number
        elif text and not _commented(text):
            if text.startswith(_STRANGE):
                raise NotUnderstood(line.number)
            yield from _scalar(text, key, line.number)
            if self.line and self.line.indent > indent:
                raise NotUnderstood(self.line.number)
        elif self.line and (self.line.indent > indent or (self.line.indent == indent and _dashed(self.line) and not _dashed(line))):
            # A list may stand as deep as the key that it belongs to.
            yield from self.node(self.line.indent, key)
        else:
            yield key, "", line.number

    def _block(self, line, indent):
        """The lines of a block scalar, which may look like anything."""
        last = line.number
        for raw in self.raw[line.number:]:
            if raw.strip() and len(raw) - len(raw.lstrip(" ")) <= indent:
                break
            last += 1
        while self.line and self.line.number <= last:
            self.at += 1
        return "\n".join(raw.strip() for raw in self.raw[line.number:last]).strip()


def _dashed(line):
    return line.text == "-" or line.text.startswith("- ")


def _commented(text):
    return text.startswith("#")


def _scalar(text, key, number):
    """A scalar, or a list or mapping in brackets, up to the end of the line."""
    end, entries = _flow(text, 0, key, number, stops="")
    if text[end:].strip() and not text[end:].lstrip().startswith("#"):
        raise NotUnderstood(number)
    return entries


def _flow(text, at, key, number, stops):
    """What begins at a place of a line; returns where it ends and its entries."""
    at = _blank(text, at)
    if text[at:at + 1] in ("[", "{"):
        return _brackets(text, at, key, number)
    if text[at:at + 1] in ("'", '"'):
        found = re.compile(r'"(?:\\.|[^"\\])*"' if text[at] == '"' else r"'(?:''|[^'])*'").match(text, at)
        if not found:
            raise NotUnderstood(number)
        return found.end(), [(key, _quoted(found[0]), number)]
    end = at
    while end < len(text) and not (stops and text[end] in stops) and not text.startswith(" #", end):
        end += 1
    value = text[at:end].strip()
    return end, [(key, "" if value in ("~", "null") else value, number)]


def _brackets(text, at, key, number):
    closing, counted, entries = {"[": "]", "{": "}"}[text[at]], 0, []
    at = _blank(text, at + 1)
    while text[at:at + 1] != closing:
        name = str(counted)
        if closing == "}":
            found = re.compile(r"""("[^"]*"|'[^']*'|[^\s:,{}\[\]]+)\s*:\s*""").match(text, at)
            if not found:
                raise NotUnderstood(number)
            name, at = found[1].strip("\"'"), found.end()
        at, more = _flow(text, at, f"{key}.{name}" if key else name, number, f",{closing}")
        entries, counted, at = entries + more, counted + 1, _blank(text, at)
        if text[at:at + 1] == ",":
            at = _blank(text, at + 1)
        elif text[at:at + 1] != closing:
            raise NotUnderstood(number)
    return at + 1, entries


def _blank(text, at):
    while text[at:at + 1] == " ":
        at += 1
    return at


def _quoted(text):
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text[1:-1])
