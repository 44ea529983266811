# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CISA's catalogue of known exploited vulnerabilities as JSON."""

from __future__ import annotations

from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import Facts, FeedError, MalformedEntry, Parsed, day, shown, word


def parse(path: str) -> Parsed:
    """The feed of a file. Its dueDate binds federal agencies alone and is left out."""
    catalogue = files.document(files.content(path), dict)
    try:
        known, count, date = catalogue["vulnerabilities"], catalogue["count"], day(catalogue["dateReleased"])
    except KeyError as problem:
        raise files.odd("a catalogue", problem) from problem
    if not isinstance(known, list):
        raise files.unlike("vulnerabilities that are no list")
    facts = dict(_fact(entry, number) for number, entry in enumerate(known, 1))
    if count != len(known):
        raise FeedError(f"has {len(known)} vulnerabilities and states that it has {shown(count)}: download it again")
    if not facts:
        raise files.nothing("vulnerabilities")
    return Parsed(len(facts), facts=facts, date=date or "")


def _fact(entry: dict[str, Any], number: int) -> tuple[str, Facts]:
    try:
        added = day(entry["dateAdded"])
        if added is None:
            raise MalformedEntry(f"{shown(entry['dateAdded'])} is no day")
        return word(entry["cveID"]), {"kev_added": added}
    except files.ODD as problem:
        raise files.odd(f"an entry {number}", problem) from problem
