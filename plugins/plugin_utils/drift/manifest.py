# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A manifest (module_utils/manifest/document.py), which a system wrote and may have written as it liked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.manifest import selection
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.document import CATEGORIES, SCHEMA
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import Entry, Selection

# More than the manifest of a million files takes.
LARGEST = 512 * 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{32}", re.A)
_CONTENT = re.compile(r"\?||[0-9a-f]{64}|\d{1,10}:\d{1,10}", re.A)
_CAPABILITY = re.compile(r"(?:[0-9a-f]{2}){0,64}", re.A)
_TYPES = "fdlcbps?"
_LONGEST = 100_000


class BadManifest(ValueError):
    """It is no manifest, with the reason."""


@dataclass(frozen=True)
class Category:
    """``items`` are None when they are those of the manifest that was known; ``unread`` says why there are none."""

    items: dict[str, Any] | None
    unread: str = ""


@dataclass(frozen=True)
class Manifest:
    """One system; of one that was compared on the spot, what differs from the known manifest alone."""

    image: dict[str, str]
    categories: dict[str, Category]
    groups: dict[str, list[Entry]]
    gone: list[str] = field(default_factory=list)
    packaged: frozenset[str] = frozenset()
    unread: list[str] = field(default_factory=list)
    complete: bool = True

    def selected(self, chosen: Selection) -> Manifest:
        """The same manifest without what the rules leave out, whichever rules it was made by."""
        categories = {
            name: category if category.items is None else Category(chosen.items(name, category.items))
            for name, category in self.categories.items()
        }
        groups = {
            name: [chosen.entry(entry) for entry in entries if not chosen.ignored(selection.FILES, entry[0])]
            for name, entries in self.groups.items()
        }
        return Manifest(self.image, categories, {name: entries for name, entries in groups.items() if entries})

    @property
    def root(self) -> str:
        """One digest over everything, as the system itself computes it."""
        return selection.root(self.digests["categories"], self.digests["groups"])

    @property
    def text(self) -> str:
        """The manifest as evidence: what was understood of it, and nothing else."""
        categories = {
            name: {"unread": category.unread}
            if category.items is None
            else {"digest": selection.of_items(category.items), "items": category.items}
            for name, category in sorted(self.categories.items())
        }
        files = {
            "groups": self.digests["groups"],
            "entries": self.groups,
            "gone": [],
            "packaged": [],
            "unread": self.unread,
            "complete": self.complete,
        }
        known = {"schema": SCHEMA, "image": self.image, "root": self.root, "categories": categories, "files": files}
        return json.dumps(known, separators=(",", ":")) + "\n"

    @property
    def digests(self) -> dict[str, dict[str, str]]:
        """What a system is sent, which then answers with what differs."""
        return {
            "categories": {
                name: selection.of_items(category.items) for name, category in self.categories.items() if category.items is not None
            },
            "groups": {name: selection.of_entries(entries) for name, entries in self.groups.items()},
        }


def parsed(content: bytes) -> Manifest:
    try:
        known = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise BadManifest("it is not JSON") from problem
    if not isinstance(known, dict) or known.get("schema") != SCHEMA:
        raise BadManifest(f"it is not of schema {SCHEMA}")
    files = _mapping(known.get("files"))
    return Manifest(
        {name: _text(value) for name, value in _mapping(known.get("image")).items() if isinstance(value, str)},
        {name: _category(category) for name, category in _mapping(known.get("categories")).items() if name in CATEGORIES},
        {_text(name): [_entry(entry) for entry in _list(entries)] for name, entries in _mapping(files.get("entries")).items()},
        [_text(name) for name in _list(files.get("gone"))],
        frozenset(_text(path) for path in _list(files.get("packaged"))),
        [_text(path) for path in _list(files.get("unread"))],
        files.get("complete") is True,
    )


def _category(known: Any) -> Category:
    known = _mapping(known)
    if "unread" in known:
        return Category(None, _text(known["unread"]) or "it was not said why")
    if not _DIGEST.fullmatch(_text(known.get("digest"))):
        raise BadManifest("a category has no digest")
    items = known.get("items")
    return Category(None if items is None else {_text(name): _plain(value) for name, value in _mapping(items).items()})


def _plain(value: Any, depth: int = 0) -> Any:
    """The value of an item: a text, a number, or a list or mapping of these."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if depth < 3 and isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if depth < 3 and isinstance(value, dict):
        return {_text(name): _plain(each, depth + 1) for name, each in value.items()}
    raise BadManifest("an item has a value of another kind")


def _entry(entry: Any) -> Entry:
    if not isinstance(entry, list) or len(entry) != 9:
        raise BadManifest("a file is no entry")
    path, kind, mode, owner, group, size, content, capability, attributes = entry
    texts = all(isinstance(text, str) for text in (path, kind, owner, group, content, capability))
    numbers = all(isinstance(number, int) and not isinstance(number, bool) for number in (mode, size))
    if not texts or not numbers or not isinstance(attributes, dict) or not path.startswith("/") or kind not in tuple(_TYPES):
        raise BadManifest("a file is no entry")
    if not 0 <= mode <= 0o7777 or not 0 <= size < 2**63 or not _CAPABILITY.fullmatch(capability):
        raise BadManifest("a file is no entry")
    if (kind != "l" and not _CONTENT.fullmatch(content)) or not all(isinstance(value, str) for value in attributes.values()):
        raise BadManifest("a file is no entry")
    return entry


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadManifest("a part of it is no mapping")
    return value


def _list(value: Any) -> Iterable[Any]:
    if not isinstance(value, list):
        raise BadManifest("a part of it is no list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise BadManifest("a part of it is no text")
    return value
