# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The entries of a listing (module_utils/listing/tree.py), which a system wrote and may have written as it liked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.util import pieces
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable

# More than the listing of a million files takes; a text that is larger when it is unpacked is none.
LARGEST = 512 * 1024 * 1024
_TYPES = "fdlcbps?"
_CONTENT = re.compile(r"=|\?||[0-9a-f]{64}|\d{1,10}:\d{1,10}", re.A)
_CAPABILITY = re.compile(r"(?:[0-9a-f]{2}){0,64}", re.A)


class BadListing(ValueError):
    """It is no listing, with the reason."""


@dataclass(frozen=True)
class Entry:
    """What lies at one path."""

    path: str
    type: str
    mode: int
    owner: str
    group: str
    size: int
    content: str
    capability: str
    package: str


def unpacked(listing: Sequence[str]) -> dict[str, Entry]:
    """The entries by their paths."""
    try:
        content = pieces.unpacked(listing, LARGEST)
    except pieces.Damaged as problem:
        raise BadListing(str(problem)) from problem
    return {entry.path: entry for entry in _entries(content.split(b"\n"))}


def _entries(lines: Iterable[bytes]) -> Iterable[Entry]:
    for line in filter(None, lines):
        try:
            known = json.loads(line)
            entry = Entry(*known)
        except (TypeError, ValueError, RecursionError) as problem:
            raise BadListing("it has a line that is no entry") from problem
        texts = (entry.path, entry.type, entry.owner, entry.group, entry.content, entry.capability, entry.package)
        if not all(isinstance(text, str) for text in texts) or any(
            isinstance(number, bool) or not isinstance(number, int) for number in (entry.mode, entry.size)
        ):
            raise BadListing("it has a line that is no entry")
        if (
            entry.type not in _TYPES
            or not 0 <= entry.mode <= 0o7777
            or not 0 <= entry.size < 2**63
            or not _CAPABILITY.fullmatch(entry.capability)
        ):
            raise BadListing("it has a line that is no entry")
        if entry.type != "l" and not _CONTENT.fullmatch(entry.content):
            raise BadListing("it has a line that is no entry")
        yield Entry(
            readable(entry.path),
            entry.type,
            entry.mode,
            readable(entry.owner),
            readable(entry.group),
            entry.size,
            readable(entry.content),
            entry.capability,
            readable(entry.package),
        )
