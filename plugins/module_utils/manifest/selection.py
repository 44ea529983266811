# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is compared of a system, by the rules of a policy: some items are not looked at, of some files only the rights matter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util.path_patterns import covering, matcher

FILES = "files"
NOTHING, RIGHTS = "nothing", "rights"
# Half a SHA-256: nobody finds a second text with the same.
DIGITS = 32

# Path, type, mode, owner, group, size, content, capability and further attributes.
Entry = list[Any]


class Selection:
    """The rules with ``compare``; each has ``items``, patterns by category."""

    def __init__(self, rules: Iterable[Mapping[str, Any]] = ()) -> None:
        self._patterns: dict[tuple[str, str], list[str]] = {}
        for rule in rules:
            for category, patterns in (rule.get("items") or {}).items() if rule.get("compare") else ():
                self._patterns.setdefault((rule["compare"], category), []).extend(patterns)
        self._matchers: dict[tuple[str, str], Callable[[str], bool]] = {}
        self.covered = covering(self._patterns.get((NOTHING, FILES), ()))

    def ignored(self, category: str, item: str) -> bool:
        return self._matcher(NOTHING, category)(item)

    def rights_only(self, path: str) -> bool:
        return self._matcher(RIGHTS, FILES)(path)

    def items(self, category: str, items: Mapping[str, Any]) -> dict[str, Any]:
        return {item: value for item, value in items.items() if not self.ignored(category, item)}

    def entry(self, entry: Entry) -> Entry:
        """The entry as it is compared."""
        return [*entry[:5], 0, "", *entry[7:]] if entry[1] in "fl" and self.rights_only(entry[0]) else entry

    def _matcher(self, compare: str, category: str) -> Callable[[str], bool]:
        key = (compare, category)
        if key not in self._matchers:
            self._matchers[key] = matcher(self._patterns.get(key, ()))
        return self._matchers[key]


def line(entry: Sequence[Any]) -> bytes:
    """An entry as its digest is made of it."""
    return json.dumps(entry, sort_keys=True).encode()


def together(digests: Iterable[bytes]) -> str:
    """A digest over the digests of lines, in whichever order they were met."""
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()[:DIGITS]


def of_entries(entries: Iterable[Sequence[Any]]) -> str:
    return together(hashlib.sha256(line(entry)).digest() for entry in entries)


def of_items(items: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(items, sort_keys=True).encode()).hexdigest()[:DIGITS]


def root(categories: Mapping[str, str], groups: Mapping[str, str]) -> str:
    """A SHA-256 over the digests of all categories and groups."""
    return hashlib.sha256(json.dumps([dict(categories), dict(groups)], sort_keys=True).encode()).hexdigest()
