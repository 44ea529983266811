# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host's files as they would be after changes that are not made yet."""

from __future__ import annotations

import fnmatch
import os


class Altered:
    """Reads like a host; ``texts`` maps paths to what would stand there, None where a file would be gone."""

    def __init__(self, host, texts):
        self.host = host
        self.texts = texts

    def read(self, path):
        return self.texts[path] if path in self.texts else self.host.read(path)

    def lines(self, path):
        return (self.read(path) or "").splitlines()

    def is_file(self, path):
        return self.texts[path] is not None if path in self.texts else os.path.isfile(self.host.path(path))

    def glob(self, pattern):
        found = {path for path in self.host.glob(pattern) if self.texts.get(path, "") is not None}
        return sorted(found | {path for path, text in self.texts.items() if text is not None and _matches(path, pattern)})


def _matches(path, pattern):
    """A star does not reach into another folder here."""
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)
