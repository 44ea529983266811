# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""XML of others as a tree. A document type is refused, so that no entity is ever expanded and no other file ever read."""

from __future__ import annotations

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

# More than any program writes that is read here, and deeper than any of its elements lies.
LARGEST = 4 << 20
_DEEPEST = 64


class BadXml(Exception):
    """Why a text is not read, as the end of a sentence that begins with its name."""


def tree(text: str | bytes, largest: int = LARGEST) -> Element:
    """The root element; comments are left out, and a name in a namespace is ``{uri}name``, as ElementTree writes it."""
    if len(text) > largest:
        raise BadXml(f"is larger than {largest >> 20} MiB, which no definition is")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = reader.start, reader.end, reader.text
    parser.buffer_text = True
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise BadXml(f"is cut off or no XML ({problem})") from problem
    return reader.root


def _refuse(*unused_declaration: object) -> NoReturn:
    raise BadXml("declares a document type, which could read other files or grow without end; remove its <!DOCTYPE>")


class _Reader:
    """Builds the tree while expat reads."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0

    @property
    def root(self) -> Element:
        return self._builder.close()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadXml(f"has elements in more than {_DEEPEST} others, which no definition has")
        self._builder.start(_qualified(name), {_qualified(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(_qualified(name))

    def text(self, data: str) -> None:
        self._builder.data(data)


def _qualified(name: str) -> str:
    return f"{{{name}" if "}" in name else name
