# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups, options and rules of AIDE, as it reads them (aide.conf(5)).

Which conditions hold is not asked: a line between @@if and @@endif is marked as ``conditional``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

_SETTING = re.compile(r"(?P<name>\w+)\s*=\s*(?P<value>.*)", re.A)
_RULE = re.compile(r"(?P<name>/\S*)[ \t]+(?P<value>.*)", re.A)
_SIGN = re.compile(r"\s*([+-])\s*", re.A)
# A comment behind a value: of an option alone, behind anything else AIDE refuses it.
_COMMENT = re.compile(r"\s+#.*", re.A)


@dataclass(frozen=True)
class Entry:
    name: str
    value: str
    number: int
    conditional: bool = False


def parse(text: str) -> list[Entry]:
    """Every line that defines a group, sets an option or selects files by a path."""
    found = []
    depth = 0
    for number, line in enumerate((line.strip(BLANKS) for line in lines_of(text)), 1):
        depth += line.startswith("@@if")
        depth -= line.startswith("@@endif")
        matched = _RULE.fullmatch(line) or _SETTING.fullmatch(line)
        if matched:
            found.append(Entry(matched["name"], _value(matched["name"], matched["value"]), number, depth > 0))
    return found


def _value(name: str, value: str) -> str:
    """A value as AIDE has it: there are no blanks around the signs of an expression."""
    return _COMMENT.sub("", value) if name[0].islower() else _SIGN.sub(r"\1", value)
