# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a configuration says, in one shape for all formats: settings with a key, a value and a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# What a site's policy says of one agent (docs/known-agents.md).
Agent = Mapping[str, Any]
# A setting as a reader of a format yields it: its key, its value, and its line.
Assignment = tuple[str, str, int]


@dataclass(frozen=True)
class Entry:
    """One setting. Its ``key`` is in small letters and begins with the sections that it is in; lists are numbered."""

    key: str
    value: str
    path: str
    line: int = 0

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class NotUnderstood(Exception):
    """A line that a reader does not understand. Its text is never shown: it may hold a secret."""

    def __init__(self, line: int = 0) -> None:
        super().__init__(line)
        self.line = line


def flat(value: object, line: int = 0, key: str = "") -> Iterator[Assignment]:
    """Nested data as ``(key, value, line)``."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from flat(item, line, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from flat(item, line, f"{key}.{number}" if key else str(number))
    else:
        yield key, scalar(value), line


def scalar(value: object) -> str:
    """One spelling for values that formats have as data and as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
