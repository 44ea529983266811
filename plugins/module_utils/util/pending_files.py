# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host's files as they would be after changes that are not made yet."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar


class Files(Protocol):
    """What reads the files of one system: a host, or one with changes that are not made yet."""

    def read(self, path: str) -> str | None:
        """The text of a file, or None when there is none."""

    def lines(self, path: str) -> list[str]:
        """The lines of a file, none when there is none."""

    def is_file(self, path: str) -> bool:
        """Is there a file at a path?"""

    def files(self, pattern: str) -> list[str]:
        """The paths of the files that match, sorted."""


Real = TypeVar("Real", bound=Files)


class PendingFiles(Generic[Real]):
    """Reads like a host; ``texts`` maps paths to what would stand there, None where a file would be gone."""

    def __init__(self, host: Real, texts: Mapping[str, str | None]) -> None:
        self.host = host
        self.texts = texts

    def read(self, path: str) -> str | None:
        return self.texts[path] if path in self.texts else self.host.read(path)

    def lines(self, path: str) -> list[str]:
        lines = (self.read(path) or "").split("\n")
        return lines if lines[-1] else lines[:-1]

    def is_file(self, path: str) -> bool:
        return self.texts[path] is not None if path in self.texts else self.host.is_file(path)

    def files(self, pattern: str) -> list[str]:
        found = {path for path in self.host.files(pattern) if self.texts.get(path, "") is not None}
        return sorted(found | {path for path, text in self.texts.items() if text is not None and _matches(path, pattern)})


def _matches(path: str, pattern: str) -> bool:
    """A star does not reach into another directory here."""
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)
