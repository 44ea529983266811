# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""LVM volume groups, put together from their physical volumes as the newest copy of their metadata tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm import fields, volumes
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.fields import Extents, Unsound
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.physical import PhysicalVolume
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.text import Section
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.volumes import Volume
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

_CONTENTS = "Text Format Volume Group"
_NAME = re.compile(r"[a-zA-Z0-9+_.][a-zA-Z0-9+_.-]{0,126}", re.A)


@dataclass(frozen=True)
class Group:
    """A volume group with all of its volumes, and the stretches of its physical volumes that no volume has."""

    name: str
    identifier: str
    volumes: list[Volume] = field(default_factory=list)
    free: list[Window] = field(default_factory=list)


def read(physical: Sequence[PhysicalVolume], template: str) -> list[Group]:
    """The volume groups on the disks of a template."""
    known: dict[str, PhysicalVolume] = {}
    for one in physical:
        twin = known.setdefault(one.identifier, one)
        if twin is not one:
            raise ImageError(f"{one.window.name} has the identifier of {twin.window.name}: leave the copy out")
    newest = _newest(physical, template)
    found: dict[str, Group] = {}
    owners: dict[str, str] = {}
    for name, section in newest:
        if name in found:
            raise ImageError(
                f"{template} has two LVM volume groups of the name {name}: rename one in a running clone with 'vgrename', by its UUID"
            )
        try:
            found[name] = _group(name, section, known, owners)
        except Unsound as problem:
            raise ImageError(f"the LVM volume group {name} of {template} cannot be opened: {problem}") from problem
    return list(found.values())


def _newest(physical: Sequence[PhysicalVolume], template: str) -> list[tuple[str, Section]]:
    """The newest copy of the metadata of each group, with the group's name; copies of one age must be equal."""
    newest: dict[str, tuple[int, str, Section]] = {}
    for one in physical:
        for metadata in one.metadata:
            try:
                name, section = _named(metadata)
                identifier, age = fields.text(section, "id"), fields.number(section, "seqno")
            except Unsound as problem:
                raise one.window.damaged(f"its metadata make no sense ({problem})") from problem
            copy = (age, name, section)
            other = newest.setdefault(identifier, copy)
            if other[0] == age and other != copy:
                raise ImageError(f"the LVM volume group {name} of {template} has copies of its metadata that contradict each other")
            newest[identifier] = max(other, copy, key=lambda each: each[0])
    return [(name, section) for unused_age, name, section in newest.values()]


def _named(metadata: Section) -> tuple[str, Section]:
    """The name of the group, which is that of the only section."""
    if metadata.get("contents") != _CONTENTS or metadata.get("version") != 1:
        raise Unsound("it is not of version 1")
    sections = [(name, value) for name, value in metadata.items() if isinstance(value, dict)]
    if len(sections) != 1 or not _NAME.fullmatch(sections[0][0]):
        raise Unsound("it describes no volume group")
    return sections[0]


def _group(name: str, section: Section, known: dict[str, PhysicalVolume], owners: dict[str, str]) -> Group:
    if section.get("format", "lvm2") != "lvm2":
        raise Unsound("its format is not lvm2")
    if "EXPORTED" in fields.words(section, "status"):
        raise Unsound("it is exported: run 'vgimport' in a running clone")
    extent = fields.number(section, "extent_size", 1) * SECTOR
    parts = {}
    for key, entry in fields.sections(section, "physical_volumes"):
        parts[key] = _extents(entry, extent, known)
        owner = owners.setdefault(fields.identifier(entry), name)
        if owner != name or sum(part.window == parts[key].window for part in parts.values()) > 1:
            raise Unsound(f"{parts[key].window.name} is also claimed by the group {owner}")
    found = []
    taken: dict[str, list[tuple[int, int]]] = {key: [] for key in parts}
    for key, entry in fields.sections(section, "logical_volumes"):
        if not _NAME.fullmatch(key):
            raise Unsound(f"{key[:80]!r} cannot be the name of a logical volume")
        found.append(volumes.read(key, entry, parts, taken))
    reasons = volumes.snapshots(section)
    opened = [volume.refused_because(reasons.get(volume.name, "")) for volume in found if volume.visible or volume.name in reasons]
    return Group(name, fields.identifier(section), opened, list(_free(parts, taken)))


def _extents(entry: Section, extent: int, known: dict[str, PhysicalVolume]) -> Extents:
    """Where the extents of a physical volume lie, which must be there."""
    one = known.get(fields.identifier(entry))
    if one is None or "MISSING" in fields.words(entry, "flags"):
        hint = entry.get("device")
        last = f", which was {hint} last" if isinstance(hint, str) else ""
        raise Unsound(f"it lacks the physical volume {fields.text(entry, 'id')}{last}: name all disks of the template")
    start, count = fields.number(entry, "pe_start") * SECTOR, fields.number(entry, "pe_count")
    if start + count * extent > one.window.size:
        raise Unsound(f"{one.window.name} ends before its {count} extents")
    return Extents(one.window, start, count, extent)


def _free(parts: dict[str, Extents], taken: dict[str, list[tuple[int, int]]]) -> Iterator[Window]:
    """The stretches that no volume has; an extent that two volumes have is refused."""
    for key, part in parts.items():
        end = 0
        for first, last in sorted(taken[key]):
            if first < end:
                raise Unsound(f"two logical volumes have the extent {first} of {part.window.name}")
            if first > end:
                yield part.stretch(end, first - end)
            end = last
        if end < part.count:
            yield part.stretch(end, part.count - end)
