# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a configuration says, in one shape for all formats: settings with a key, a value and a place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One setting. Its ``key`` is in small letters and begins with the sections that it is in; lists are numbered."""

    key: str
    value: str
    path: str
    line: int = 0

    @property
    def place(self):
        return f"{self.path}:{self.line}" if self.line else self.path


class NotUnderstood(Exception):
    """A line that a reader does not understand. Its text is never told: it may hold a secret."""

    def __init__(self, line=0):
        super().__init__(line)
        self.line = line


def flat(value, line=0, key=""):
    """Nested data as ``(key, value, line)``."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from flat(item, line, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from flat(item, line, f"{key}.{number}" if key else str(number))
    else:
        yield key, scalar(value), line


def scalar(value):
    """One spelling for values that formats have as data and as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
