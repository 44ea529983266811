# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of YAML that agents are configured in, without a library that a target may lack.

Mappings, lists, scalars plain and quoted on one line, block scalars, anchors
and merged mappings are read as PyYAML reads them. What is outside of this part
(tags, several documents, a key that is there twice, anything in brackets or
quotes over several lines) is not understood, and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Assignment, NotUnderstood, flat
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats import yaml_flow
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.yaml_flow import Node, Scalar, Unclear

_DEEPEST = 40
# Signs that YAML has not at all, or takes for the end of a line.
_ODD = re.compile("[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_BLOCK = re.compile(r"(?P<sort>[|>])(?:(?P<chomp>[+-])(?P<deep>[1-9])?|(?P<deep_first>[1-9])(?P<chomp_last>[+-])?)?(?: +#.*| *)")
_ANCHOR = re.compile(r"&([A-Za-z0-9_-]+)(?: +(.*)|$)")
_MERGE = "<<"


@dataclass
class _Line:
    number: int
    indent: int
    text: str


def yaml_text(text: str) -> Iterator[Assignment]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text[1:] if text.startswith("\ufeff") else text
    odd = _ODD.search(text)
    if odd:
        raise NotUnderstood(text.count("\n", 0, odd.start()) + 1)
    raw = text.split("\n")
    ended = not raw[-1]
    reader = _Reader(_lines(raw), raw[:-1] if ended else raw, ended)
    try:
        found = reader.document()
    except Unclear:
        raise NotUnderstood(reader.number) from None
    yield from _assignments(found, "")


def _assignments(found: Node | None, key: str) -> Iterator[Assignment]:
    """Everything as ``(key, value, line)``."""
    if isinstance(found, Scalar):
        yield from flat(found.text, found.line, key)
    elif found is not None:
        pairs = found.items() if isinstance(found, dict) else enumerate(found)
        for name, item in pairs:
            yield from _assignments(item, f"{key}.{name}" if key else str(name))


def _lines(raw: list[str]) -> list[_Line]:
    """The lines that may say something; a text in a block is among them and is gone over by its reader."""
    found: list[_Line] = []
    for number, line in enumerate(raw, 1):
        stripped = line.strip(" ")
        if not stripped or stripped.startswith("#") or (not found and re.fullmatch(r"---(?: +#.*| *)", line)):
            if stripped.startswith("---"):
                found.append(_Line(number, -1, "---"))
            continue
        found.append(_Line(number, len(line) - len(line.lstrip(" ")), stripped))
    return [line for line in found if line.indent >= 0]


class _Reader:
    """Goes through the lines; what is deeper belongs to what is above it."""

    def __init__(self, lines: list[_Line], raw: list[str], ended: bool) -> None:
        self.lines, self.raw, self.ended = lines, raw, ended
        self.at = self.number = self.depth = 0
        self.anchors: dict[str, Node] = {}

    @property
    def line(self) -> _Line | None:
        """The line to be read, or None; ``number`` is what an error message is about."""
        if self.at >= len(self.lines):
            return None
        line = self.lines[self.at]
        self.number = line.number
        if (line.indent == 0 and re.match(r"---(?: |$)|\.\.\.(?: |$)|%", line.text)) or "\t" in line.text:
            raise Unclear
        return line

    def document(self) -> Node | None:
        if not self.line:
            return None
        line = self.line
        if line.text[0] in "[{":
            self.at += 1
            found = yaml_flow.whole(line.text, line.number, self.anchors)
        else:
            found = self._node(line.indent)
        if self.line:
            raise Unclear
        return found

    def _node(self, indent: int) -> Node:
        """The mapping or the list that begins here."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unclear
        found: Node = self._list(indent) if self.line and _dashed(self.line) else self._mapping(indent)
        if self.line and self.line.indent > indent:
            raise Unclear
        self.depth -= 1
        return found

    def _mapping(self, indent: int) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] | None = None
        while self.line and self.line.indent == indent and not _dashed(self.line):
            line = self.line
            name, rest = yaml_flow.key(line.text)
            quoted = line.text[0] in "\"'"
            self.at += 1
            value = self._value(line, rest, indent)
            if name == _MERGE and not quoted:
                if merged is not None:
                    raise Unclear
                merged = yaml_flow.merged(value)
            elif name in own:
                self.number = line.number
                raise Unclear
            else:
                own[name] = value
        return {**(merged or {}), **own}

    def _list(self, indent: int) -> list[Node]:
        items = []
        while self.line and self.line.indent == indent and _dashed(self.line):
            items.append(self._item(self.line))
        return items

    def _item(self, line: _Line) -> Node:
        """What follows the dash is a line of its own, as deep as it stands."""
        rest = line.text[1:].lstrip(" ")
        if rest and not rest.startswith("#") and (rest == "-" or rest.startswith("- ") or yaml_flow.has_key(rest)):
            line.indent += len(line.text) - len(rest)
            line.text = rest
            return self._node(line.indent)
        self.at += 1
        return self._value(line, rest, line.indent, in_list=True)

    def _value(self, line: _Line, text: str, indent: int, in_list: bool = False) -> Node:
        """What is assigned on a line, or stands below it."""
        anchor = _ANCHOR.match(text)
        if not anchor:
            return self._plain_value(line, text, indent, in_list)
        rest = (anchor[2] or "").lstrip(" ")
        if rest.startswith(("&", "*")) or anchor[1] in self.anchors:
            raise Unclear
        found = self._plain_value(line, rest, indent, in_list)
        if anchor[1] in self.anchors:
            raise Unclear
        self.anchors[anchor[1]] = found
        return found

    def _plain_value(self, line: _Line, text: str, indent: int, in_list: bool) -> Node:
        self.number = line.number
        block = _BLOCK.fullmatch(text)
        if block:
            return Scalar(self._block(line, block, indent), line.number)
        if text and not text.startswith("#"):
            found = yaml_flow.whole(text, line.number, self.anchors)
            if self.line and self.line.indent > indent:
                raise Unclear
            return found
        below = self.line
        if below and (below.indent > indent or (below.indent == indent and _dashed(below) and not in_list)):
            # A list may stand as deep as the key that it belongs to.
            return self._node(below.indent)
        return Scalar("", line.number)

    def _block(self, line: _Line, header: re.Match[str], indent: int) -> str:
        """The lines of a block scalar, which may look like anything."""
        lines = self.raw[line.number :]
        least = indent + 1
        given = header["deep"] or header["deep_first"]
        blank = next((number for number, raw in enumerate(lines) if raw.strip(" ")), len(lines))
        first = lines[blank] if blank < len(lines) else ""
        deep = least + int(given) - 1 if given else max(least, len(first) - len(first.lstrip(" ")))
        if any(len(raw) > deep for raw in lines[:blank]):
            raise Unclear
        content = []
        for raw in lines:
            if raw.strip(" ") and len(raw) - len(raw.lstrip(" ")) < deep:
                break
            content.append(raw[deep:])
        last = line.number + len(content)
        while self.at < len(self.lines) and self.lines[self.at].number <= last:
            self.at += 1
        ended = self.ended or last < len(self.raw)
        if content and not ended and not content[-1]:
            content.pop()  # blanks behind the last line break are no line
            ended = True
        return _joined(content, header["sort"] == ">", header["chomp"] or header["chomp_last"], ended)


def _joined(lines: list[str], folds: bool, chomp: str | None, ended: bool) -> str:
    """The text of a block, as PyYAML's scanner puts it together; ``ended`` says whether its last line has an end."""
    text, filled = "", [number for number, line in enumerate(lines) if line]
    for number, following in zip(filled, [*filled[1:], None]):
        if number == filled[0]:
            text = "\n" * number
        text += lines[number]
        if following is not None:
            empty = following - number - 1
            both = folds and lines[number][0] not in " \t" and lines[following][0] not in " \t"
            text += ("" if empty else " ") if both else "\n"
            text += "\n" * empty
    rest = len(lines) - (filled[-1] + 1 if filled else 0)
    if filled and chomp != "-" and (ended or rest):
        text += "\n"
    return text + "\n" * rest if chomp == "+" else text


def _dashed(line: _Line) -> bool:
    return line.text == "-" or line.text.startswith("- ")
