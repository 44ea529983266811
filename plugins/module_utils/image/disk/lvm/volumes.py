# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""LVM logical volumes: which stretches of which disks each of them is, one after the other, or why it is not opened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm import fields
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.fields import Extents, Unsound
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.text import Section

# What LVM calls a linear volume, too.
_STRIPED = "striped"
_KINDS = {
    "thin": "a thin volume",
    "thin-pool": "a thin pool",
    "cache": "a cached volume",
    "cache-pool": "a cache pool",
    "writecache": "a cached volume",
    "mirror": "a mirror",
    "snapshot": "a snapshot",
    "vdo": "a deduplicated volume",
    "vdo-pool": "a pool of deduplicated volumes",
}


@dataclass(frozen=True)
class Volume:
    """A logical volume; ``refused`` says what else than linear it is. One that is not ``visible`` is a part of another."""

    name: str
    identifier: str
    size: int
    segments: tuple[Window, ...] = ()
    refused: str = ""
    visible: bool = True

    def refused_because(self, reason: str) -> Volume:
        return replace(self, refused=self.refused or reason)


def read(name: str, entry: Section, parts: dict[str, Extents], taken: dict[str, list[tuple[int, int]]]) -> Volume:
    """One volume as the metadata have it; the extents that it has are added to ``taken``."""
    count = fields.number(entry, "segment_count")
    pieces: list[Window] = []
    refused = ""
    extents = 0
    for number in range(1, count + 1):
        segment = entry.get(f"segment{number}")
        if not isinstance(segment, dict) or fields.number(segment, "start_extent") != extents:
            raise Unsound(f"the logical volume {name} has a gap before its segment {number}")
        length = fields.number(segment, "extent_count", 1)
        extents += length
        refused = refused or _refused(segment)
        pieces += _stretches(name, segment, length, parts, taken)
    size = extents * next((part.size for part in parts.values()), 0)
    segments = () if refused else tuple(_joined(pieces))
    return Volume(name, fields.identifier(entry), size, segments, refused, "VISIBLE" in fields.words(entry, "status"))


def snapshots(section: Section) -> dict[str, str]:
    """The volumes that must not be written, or say nothing by themselves, because of a snapshot."""
    found = {}
    for unused_name, entry in fields.sections(section, "logical_volumes"):
        segment = entry.get("segment1")
        if isinstance(segment, dict) and segment.get("type") == "snapshot":
            found[str(segment.get("origin"))] = "a volume with a snapshot"
            found[str(segment.get("cow_store"))] = "a snapshot"
    return found


def _refused(segment: Section) -> str:
    """What a segment is other than linear."""
    kind = fields.text(segment, "type")
    if kind == _STRIPED:
        stripes = fields.number(segment, "stripe_count", 1)
        return f"a volume with {stripes} stripes" if stripes > 1 else ""
    if kind.startswith("raid"):
        return f"a RAID volume ({kind})"
    return _KINDS.get(kind, f"of the type {kind}, which is not known")


def _stretches(
    name: str, segment: Section, length: int, parts: dict[str, Extents], taken: dict[str, list[tuple[int, int]]]
) -> list[Window]:
    """Where a segment lies, which for other than stripes its subordinate volumes tell."""
    if segment["type"] != _STRIPED:
        return []
    count, stripes = fields.number(segment, "stripe_count", 1), segment.get("stripes")
    if not isinstance(stripes, list) or len(stripes) != 2 * count or length % count:
        raise Unsound(f"the logical volume {name} has another number of stripes than it says")
    found = []
    for key, first in zip(stripes[::2], stripes[1::2]):
        part = parts.get(key) if isinstance(key, str) else None
        if part is None:
            raise Unsound(f"the logical volume {name} lies on a physical volume that the group does not have")
        if not isinstance(first, int) or not 0 <= first <= part.count - length // count:
            raise Unsound(f"the logical volume {name} reaches out of {part.window.name}")
        taken[key].append((first, first + length // count))
        found.append(part.stretch(first, length // count))
    return found


def _joined(pieces: list[Window]) -> list[Window]:
    """The same stretches, with those that lie one behind the other on one disk as one."""
    joined: list[Window] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and (last.path, last.name, last.offset + last.size) == (piece.path, piece.name, piece.offset):
            joined[-1] = replace(last, size=last.size + piece.size)
        else:
            joined.append(piece)
    return joined
