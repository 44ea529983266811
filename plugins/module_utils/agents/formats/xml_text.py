# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""XML, as flat settings: elements of one name within one parent are numbered; several roots may follow each other, as in ossec.conf."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Assignment, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

_DEEPEST = 40
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>", re.A)


class _Reader:
    """Collects ``(key, value, line)`` while expat reads."""

    def __init__(self) -> None:
        self.found: list[Assignment] = []
        self._open: list[dict[str, Any]] = []  # of each open element its key, its text, the line and how many of each name are in it

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) > _DEEPEST:
            raise NotUnderstood(self.parser.CurrentLineNumber)
        parent: dict[str, Any] = self._open[-1] if self._open else {"key": "", "counted": {}}
        number = parent["counted"].setdefault(name, 0)
        parent["counted"][name] += 1
        key = f"{parent['key']}.{name}.{number}".lstrip(".")
        self._open.append({"key": key, "text": [], "line": self.parser.CurrentLineNumber, "counted": {}})
        self.found += [(f"{key}.{attribute}", value, self.parser.CurrentLineNumber) for attribute, value in attributes.items()]

    def data(self, text: str) -> None:
        self._open[-1]["text"].append(text)

    def end(self, unused_name: str) -> None:
        done = self._open.pop()
        text = "".join(done["text"]).strip(BLANKS)
        if text:
            self.found.append((done["key"], text, done["line"]))

    def refuse(self, *unused_declaration: object) -> None:
        """Entities can grow without bounds; no agent's configuration needs one of its own."""
        raise NotUnderstood(self.parser.CurrentLineNumber)

    def read(self, text: str) -> list[Assignment]:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler, self.parser.EntityDeclHandler = self.data, self.refuse
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.buffer_text = True
        # What says that it is XML stands at the beginning, and several roots may follow it.
        said = _DECLARATION.match(text)
        text = "\n" * said[0].count("\n") + text[said.end() :] if said else text
        try:
            self.parser.Parse(f"<all>{text}</all>", True)
        except expat.ExpatError as problem:
            raise NotUnderstood(problem.lineno) from None
        except ValueError:  # half a character
            raise NotUnderstood from None
        found = [(key.partition(".")[2].partition(".")[2], value, line) for key, value, line in self.found]
        return [entry for entry in found if entry[0]]


def xml_text(text: str) -> list[Assignment]:
    return _Reader().read(text)
