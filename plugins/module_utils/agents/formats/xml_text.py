# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""XML, as flat settings: elements of one name within one parent are numbered; several roots may follow each other, as in ossec.conf."""

from __future__ import annotations

from xml.parsers import expat

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood


class _Reader:
    """Collects ``(key, value, line)`` while expat reads."""

    def __init__(self):
        self.found = []
        self._open = []  # of each open element its key, its text, the line and how many of each name are in it

    def start(self, name, attributes):
        parent = self._open[-1] if self._open else {"key": "", "counted": {}}
        number = parent["counted"].setdefault(name, 0)
        parent["counted"][name] += 1
        key = f"{parent['key']}.{name}.{number}".lstrip(".")
        self._open.append({"key": key, "text": "", "line": self.parser.CurrentLineNumber, "counted": {}})
        self.found += [(f"{key}.{attribute}", value, self.parser.CurrentLineNumber) for attribute, value in attributes.items()]

    def data(self, text):
        self._open[-1]["text"] += text

    def end(self, unused_name):
        done = self._open.pop()
        if done["text"].strip():
            self.found.append((done["key"], done["text"].strip(), done["line"]))

    def refuse(self, *unused_declaration):
        """Entities can grow without bounds; no agent's configuration needs one of its own."""
        raise NotUnderstood(self.parser.CurrentLineNumber)

    def read(self, text):
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler, self.parser.EntityDeclHandler = self.data, self.refuse
        try:
            self.parser.Parse(f"<all>{text}</all>", True)
        except expat.ExpatError as problem:
            raise NotUnderstood(problem.lineno) from None
        return [(key.partition(".")[2].partition(".")[2], value, line) for key, value, line in self.found]


def xml_text(text):
    return _Reader().read(text)
