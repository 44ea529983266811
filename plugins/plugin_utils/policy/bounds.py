# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much a YAML document may hold, found out from its events before anything is made of it.

What is nested without end crashes the composer of libyaml, and aliases of
aliases grow without bounds; neither is a policy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import _Loader

DEEPEST = 32
# Things in a document, an alias counted as often as what it stands for.
MOST = 50_000
# Entries of one list or mapping, and characters of one text.
LONGEST, WIDEST = 2_000, 10_000
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))


class Unbounded(Exception):
    """What is too much or not allowed, and the line."""

    def __init__(self, what: str, mark: Any) -> None:
        super().__init__(what)
        self.line = mark.line + 1


@dataclass
class _Open:
    """A list or mapping that has begun; ``names`` are those that a mapping has already."""

    mapping: bool
    anchor: str | None
    size: int = 1
    entries: int = 0
    names: set[str] = field(default_factory=set)


def check(text: str, loader: type[_Loader]) -> None:
    """Raise Unbounded at the first thing that a document of a policy may not have."""
    opened: list[_Open] = []
    sizes: dict[str | None, int] = {}
    documents = 0
    for event in yaml.parse(text, Loader=loader):
        mark: Any = event.start_mark
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise Unbounded("a second document begins; put it into a file of its own", mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = opened.pop()
            if done.anchor:
                sizes[done.anchor] = done.size
            _add(opened, done.size - 1, mark)
        elif isinstance(event, yaml.NodeEvent):
            _enter(opened, event)
            _add(opened, _size(event, opened, sizes), mark)
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append(_Open(isinstance(event, yaml.MappingStartEvent), event.anchor))
                if len(opened) > DEEPEST:
                    raise Unbounded(f"it is nested more than {DEEPEST} deep", mark)
            elif event.anchor and isinstance(event, yaml.ScalarEvent):
                sizes[event.anchor] = 1


def _enter(opened: list[_Open], event: yaml.NodeEvent) -> None:
    """Take a node into what is around it: a key is a text that is there once."""
    tag = getattr(event, "tag", None)
    if tag is not None and tag not in _PLAIN_TAGS:
        raise Unbounded(f"the tag {tag} means nothing here", event.start_mark)
    if isinstance(event, yaml.ScalarEvent) and len(event.value) > WIDEST:
        raise Unbounded(f"a text is longer than {WIDEST} characters", event.start_mark)
    if not opened:
        return
    around = opened[-1]
    around.entries += 1
    if around.entries > LONGEST * (2 if around.mapping else 1):
        raise Unbounded(f"more than {LONGEST} entries are in one place; spread them over several files", event.start_mark)
    if around.mapping and around.entries % 2:
        if not isinstance(event, yaml.ScalarEvent):
            raise Unbounded("a key is not a text", event.start_mark)
        if event.value in around.names:
            raise Unbounded(f"{event.value} is there twice", event.start_mark)
        around.names.add(event.value)


def _size(event: yaml.NodeEvent, opened: list[_Open], sizes: dict[str | None, int]) -> int:
    if not isinstance(event, yaml.AliasEvent):
        return 1
    if any(each.anchor == event.anchor for each in opened):
        raise Unbounded(f"*{event.anchor} is an alias inside its own anchor", event.start_mark)
    return sizes.get(event.anchor, 1)


def _add(opened: list[_Open], size: int, mark: Any) -> None:
    """Count what is in the innermost open place; the outer ones count it when that ends."""
    if opened:
        opened[-1].size += size
        if sum(each.size for each in opened) > MOST:
            raise Unbounded(f"it holds more than {MOST} things, those that aliases repeat included", mark)
