# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rule of the residue scan: what a secret or a patient record looks like.

A rule is data (roles/baseline/files/residue). Its literals are searched for first, which is fast; only where one stands is the
pattern or the detector tried, and what these find passes the validator.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.residue.detectors import DETECTORS, Detector
from ansible_collections.hygeia.golden.plugins.module_utils.residue.validators import VALIDATORS
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

# How far a pattern may reach behind its literal, where the rule says nothing else.
REACH = 400


@dataclass(frozen=True)
class Rule:
    """One rule, ready to search with."""

    id: str
    literals: tuple[bytes, ...] = ()
    ignore_case: bool = False
    patterns: tuple[re.Pattern[bytes], ...] = ()
    before: int = 0
    after: int = REACH
    detector: Detector | None = None
    # Tried at the beginning of each file, whatever is in it.
    head: bool = False
    validator: Callable[[bytes], bool] | None = None
    names: tuple[str, ...] = ()
    except_names: tuple[str, ...] = ()
    # Whether it says something where it is not known which file the bytes belong to.
    disk: bool = True
    # The pattern is the site's, and may be one that never ends.
    limited: bool = False

    @property
    def of_names(self) -> bool:
        """Is the name of a file all that the rule asks for?"""
        return not self.patterns and self.detector is None

    @property
    def of_disk(self) -> bool:
        """Can it be searched for where no file is known?"""
        return self.disk and not self.of_names

    def concerns(self, path: str) -> bool:
        """Is a file with this path one that the rule is about?"""
        return (not self.names or _matches(path, self.names)) and not _matches(path, self.except_names)

    def values(self, data: bytes, place: int) -> Iterable[bytes]:
        """What is found at a place where a literal stands; the values are compared and hashed, and never shown."""
        found = self.detector(data, place) if self.detector else self._matched(data, place)
        return (value for value in found if not self.validator or self.validator(value))

    def _matched(self, data: bytes, place: int) -> Iterable[bytes]:
        if not self.before:
            tried = (pattern.match(data, place, place + self.after) for pattern in self.patterns)
            return [_value(found) for found in tried if found]
        start, end = max(0, place - self.before), place + self.after
        around = (found for pattern in self.patterns for found in pattern.finditer(data, start, end))
        return [_value(found) for found in around if found.start() <= place < found.end()]


def load(entries: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """The rules as the lookup ``residue_rules`` returns them."""
    return [_rule(entry) for entry in entries]


def _rule(entry: Mapping[str, Any]) -> Rule:
    name = entry["id"]
    literals = tuple(str(literal).encode("latin-1") for literal in entry.get("literals", ()))
    ignore_case = entry.get("ignore_case", False)
    return Rule(
        name,
        tuple(literal.lower() for literal in literals) if ignore_case else literals,
        ignore_case,
        tuple(_compiled(name, pattern) for pattern in entry.get("patterns", ())),
        entry.get("before", 0),
        entry.get("after", REACH),
        _named(name, "detector", DETECTORS, entry.get("detector")),
        entry.get("head", False),
        _named(name, "validator", VALIDATORS, entry.get("validator")),
        tuple(entry.get("names", ())),
        tuple(entry.get("except_names", ())),
        entry.get("disk", True),
        entry.get("limited", False),
    )


def _named(rule: str, what: str, known: Mapping[str, Any], name: str | None) -> Any:
    if name is not None and name not in known:
        raise BadSetting(f"rule {rule}: there is no {what} {name}; known are {', '.join(sorted(known))}")
    return known[name] if name else None


def _compiled(name: str, pattern: str) -> re.Pattern[bytes]:
    try:
        return re.compile(pattern.encode("latin-1"))
    except (re.error, ValueError) as problem:
        raise BadSetting(f"rule {name}: a pattern cannot be used ({problem}); correct it") from problem


def _value(found: re.Match[bytes]) -> bytes:
    """The group ``value`` of a match, or all of it."""
    return found.groupdict().get("value") or found[0]


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
