# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands on one line of YAML: keys, scalars, aliases, and lists and mappings in brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

_DEEPEST = 40
_LONGEST_KEY = 1000
_DOUBLE = re.compile(r'"(?:\\.|[^"\\])*"')
_SINGLE = re.compile(r"'(?:''|[^'])*'")
_ALIAS = re.compile(r"\*([A-Za-z0-9_-]+)(?=[ ,\]}]|$)")
# The end of a plain scalar is found first, and then what may not be in it.
_BEGINS = re.compile(r"""[^\s\-?:,\[\]{}#&*!|>'"%@`]|[-?:][^\s]""", re.A)
_BEGINS_IN_BRACKETS = re.compile(r"""[^\s\-?:,\[\]{}#&*!|>'"%@`]|-[^\s,\[\]{}?]""", re.A)
_ENDS_IN_BRACKETS = re.compile(r"[,\[\]{}?]| #|:(?=[ ,\[\]{}]|$)")
_COMMENT = re.compile(r" +#.*| *")
_NOTHING = ("~", "null", "Null", "NULL")
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "\\": "\\",
    "/": "/",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")


class Unclear(Exception):
    """This is not of the part of YAML that is read here."""


@dataclass(frozen=True)
class Scalar:
    """A text and the line on which it is said."""

    text: str
    line: int


# What a document is made of.
Node = Union[Scalar, "dict[str, Node]", "list[Node]"]


def key(text: str) -> tuple[str, str]:
    """The key with which a line begins, and what follows its colon."""
    found = _key(text)
    if not found or len(found[0]) > _LONGEST_KEY:
        raise Unclear
    return found


def has_key(text: str) -> bool:
    return _key(text) is not None


def _key(text: str) -> tuple[str, str] | None:
    if text[0] in "\"'":
        quoted = (_DOUBLE if text[0] == '"' else _SINGLE).match(text)
        after = quoted and re.match(r" *:(?= |$)", text[quoted.end() :])
        return (_unquoted(quoted[0]), text[quoted.end() + after.end() :].strip(" ")) if quoted and after else None
    found = _BEGINS.match(text) and re.search(r":(?= |$)", text)
    if not found or " #" in text[: found.start()]:
        return None
    return text[: found.start()].rstrip(" "), text[found.end() :].strip(" ")


def whole(text: str, line: int, anchors: Mapping[str, Node]) -> Node:
    """A value that ends with its line."""
    alias = _ALIAS.match(text)
    if text[0] in "[{":
        found, end = _brackets(text, 0, line, anchors, 0)
    elif alias:
        found, end = _aliased(alias[1], anchors), alias.end()
    elif text[0] in "\"'":
        found, end = _quoted(text, 0, line)
    else:
        end = text.find(" #")
        end = len(text) if end < 0 else end
        plain = text[:end].rstrip(" ")
        if not _BEGINS.match(plain) or re.search(r":(?: |$)", plain) or plain.startswith("- "):
            raise Unclear
        return Scalar("" if plain in _NOTHING else plain, line)
    if not _COMMENT.fullmatch(text[end:]):
        raise Unclear
    return found


def merged(value: Node) -> dict[str, Node]:
    """What ``<<`` brings into a mapping: of several mappings the first has the say."""
    parts = value if isinstance(value, list) else [value]
    mappings = [part for part in parts if isinstance(part, dict)]
    if len(mappings) != len(parts):
        raise Unclear
    return {name: item for part in reversed(mappings) for name, item in part.items()}


def _aliased(name: str, anchors: Mapping[str, Node]) -> Node:
    if name not in anchors:
        raise Unclear
    return anchors[name]


def _brackets(text: str, at: int, line: int, anchors: Mapping[str, Node], depth: int) -> tuple[Node, int]:
    """A list or mapping in brackets, and where it ends."""
    if depth > _DEEPEST:
        raise Unclear
    mapping = text[at] == "{"
    closing = "}" if mapping else "]"
    items: list[Node] = []
    names: dict[str, Node] = {}
    merge: dict[str, Node] | None = None
    value: Node
    at = _blank(text, at + 1)
    while text[at : at + 1] != closing:
        if mapping:
            name, quoted, at = _name(text, at)
            if text[at : at + 1] in (",", "}"):
                value = Scalar("", line)
            else:
                value, at = _inner(text, at, line, anchors, depth)
            if name == "<<" and not quoted and merge is None:
                merge = merged(value)
            elif name in names or (name == "<<" and not quoted):
                raise Unclear
            else:
                names[name] = value
        else:
            value, at = _inner(text, at, line, anchors, depth)
            items.append(value)
        at = _blank(text, at)
        if text[at : at + 1] == ",":
            at = _blank(text, at + 1)
        elif text[at : at + 1] != closing:
            raise Unclear
    return ({**(merge or {}), **names} if mapping else items), at + 1


def _inner(text: str, at: int, line: int, anchors: Mapping[str, Node], depth: int) -> tuple[Node, int]:
    """A value in brackets, and where it ends."""
    alias = _ALIAS.match(text, at)
    if alias:
        return _aliased(alias[1], anchors), alias.end()
    if text[at : at + 1] in ("[", "{"):
        return _brackets(text, at, line, anchors, depth + 1)
    if text[at : at + 1] in ("'", '"'):
        return _quoted(text, at, line)
    plain, end = _plain(text, at)
    return Scalar("" if plain in _NOTHING else plain, line), end


def _name(text: str, at: int) -> tuple[str, bool, int]:
    """A key in brackets, whether it is quoted, and where its value begins."""
    quoted = text[at : at + 1] in ("'", '"')
    if quoted:
        scalar, end = _quoted(text, at, 0)
        name = scalar.text
    else:
        name, end = _plain(text, at)
    at = _blank(text, end)
    if text[at : at + 1] != ":" or (not quoted and text[at + 1 : at + 2] not in (" ", ",", "}")):
        raise Unclear
    return name, quoted, _blank(text, at + 1)


def _plain(text: str, at: int) -> tuple[str, int]:
    end = _ENDS_IN_BRACKETS.search(text, at)
    if not end or not _BEGINS_IN_BRACKETS.match(text, at):
        raise Unclear
    return text[at : end.start()].rstrip(" "), end.start()


def _quoted(text: str, at: int, line: int) -> tuple[Scalar, int]:
    found = (_DOUBLE if text[at] == '"' else _SINGLE).match(text, at)
    if not found:
        raise Unclear
    return Scalar(_unquoted(found[0]), line), found.end()


def _unquoted(text: str) -> str:
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    return _ESCAPE.sub(_character, text[1:-1])


def _character(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    try:
        return chr(int(digits, 16)) if digits else _ESCAPES[found[4]]
    except (KeyError, ValueError, OverflowError):
        raise Unclear from None


def _blank(text: str, at: int) -> int:
    while text[at : at + 1] == " ":
        at += 1
    return at
