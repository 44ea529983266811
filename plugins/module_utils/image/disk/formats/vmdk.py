# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMware's disks: a text that names the files of a disk, or one file with that text inside.

The text of a hostile disk may name any file of the build host, so it is read here before anything else opens the disk.
Where qemu reads a line more leniently than VMware writes it, the line is refused.
"""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window

SPARSE, OLD_SPARSE = b"KDMV", b"COWD"
_HEADER = "<4sIIQQQQIQQQB4sH"
_AT_END = (1 << 64) - 1
# A text of its own may be this long, and one inside a disk: qemu reads no more of them.
_TEXT, _INSIDE = (1 << 20) - 1, 20 * SECTOR
# 2 GiB each: more than VMware makes of its largest disk of this kind.
_MOST_FILES = 1024
_SECTORS = 1 << 37  # 64 TiB, more than VMware's largest disk
_FLAT = {"monolithicFlat": ("FLAT",), "twoGbMaxExtentFlat": ("FLAT",), "vmfs": ("VMFS",)}
_SPLIT = {**_FLAT, "twoGbMaxExtentSparse": ("SPARSE",)}
_ALONE = ("monolithicSparse", "streamOptimized")
_DELTA = ("vmfsSparse", "seSparse")
_BEGINNING = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:# Disk DescriptorFile|version=[123]\r?\n)", re.I)
_EXTENT = re.compile(r'RW (\d{1,15}) ([A-Z]+) "([^"\r\n]+)"(?: (\d{1,15}))?\s*', re.A)
_FIELD = re.compile(r'\s*(createType|parentCID)\s*=\s*"?([^"\r\n]*)"?\s*', re.A)
_FLATTEN = "consolidate its snapshots, or clone it with 'vmkfstools -i', first"


def is_text(start: bytes) -> bool:
    """Is this how the text of a disk begins? Also one that only qemu takes for such a text."""
    return bool(_BEGINNING.match(start))


def inspect(disk: Window, alone: bool = False) -> tuple[str, ...]:
    """Refuse what is not one whole disk; returns the other files that it consists of, of which one that is ``alone`` has none."""
    start = disk.read(0, min(4, disk.size))
    if start == OLD_SPARSE:
        raise disk.refused("is a delta of VMware's old kind (COWD)", _FLATTEN)
    if start == SPARSE:
        _inspect_sparse(disk)
        return ()
    if alone:
        raise disk.refused("names other files as its disk", "export the template anew, with its disk as streamOptimized")
    return _inspect_text(disk)


def _inspect_text(disk: Window) -> tuple[str, ...]:
    if disk.size > _TEXT:
        raise disk.damaged("its description is longer than any")
    kind, extents = _described(disk, disk.read(0, disk.size))
    if kind not in _SPLIT:
        raise disk.refused(
            f"describes a disk of the type {kind or 'unknown'} that is not opened", "convert it with 'qemu-img convert -O qcow2' first"
        )
    if not extents or len(extents) > _MOST_FILES:
        raise disk.damaged(f"its description names {len(extents)} files")
    files = []
    for sectors, form, name, start in extents:
        if form not in _SPLIT[kind]:
            raise disk.damaged(f"its description has {name} as {form} in a disk of the type {kind}")
        extent = _beside(disk, name)
        if extent.path in files:
            raise disk.damaged(f"its description names {name} twice")
        files.append(extent.path)
        if form == "SPARSE":
            if _inspect_sparse(extent, is_part=True) < sectors:
                raise extent.damaged("it is smaller than its disk's description says")
        elif (start + sectors) * SECTOR > extent.size:
            raise extent.damaged("it is smaller than its disk's description says")
    return tuple(files)


def _beside(disk: Window, name: str) -> Window:
    """A file in the directory of the text that names it, and nowhere else."""
    if "/" in name or "\\" in name or name in (".", ".."):
        raise disk.refused(f"names the file {name}, which is not in its own directory", "put all files of the disk into one directory")
    path = os.path.join(os.path.dirname(disk.path), name)
    if path == disk.path:
        raise disk.damaged("its description names itself as its disk")
    return Window.whole(path)


def _described(disk: Window, text: bytes) -> tuple[str, list[tuple[int, str, str, int]]]:
    """The type and the extents that a description tells of, as (sectors, form, file, first sector)."""
    if b"parentFileNameHint" in text:
        raise disk.refused("is the delta of another disk, which it names", _FLATTEN)
    kind, extents = "", []
    for line in os.fsdecode(text.split(b"\0")[0]).split("\n"):
        field = _FIELD.fullmatch(line)
        if field and field[1] == "parentCID" and field[2].lower() != "ffffffff":
            raise disk.refused("is the delta of another disk", _FLATTEN)
        if field and field[1] == "createType":
            kind = field[2]
        if re.match(r"\s*(RW|RDONLY|NOACCESS)\b", line, re.A):
            extent = _EXTENT.fullmatch(line)
            if not extent:
                raise disk.refused(f"describes its disk with the line {line.strip()[:80]!r}, which is not understood", "export it anew")
            extents.append((int(extent[1]), extent[2], extent[3], int(extent[4] or 0)))
    forms = {form for unused_sectors, form, unused_name, unused_start in extents}
    if kind in _DELTA or forms & {"VMFSSPARSE", "SESPARSE"}:
        raise disk.refused("is the delta of another disk", _FLATTEN)
    if re.search("device|raw|rdm", kind, re.I) or forms & {"VMFSRDM", "VMFSRAW"}:
        raise disk.refused(
            "describes a device of its host (RDM), not a disk of its own", "copy that into a disk with 'vmkfstools -i' first"
        )
    return kind, extents


def _inspect_sparse(disk: Window, is_part: bool = False) -> int:
    """Refuse a header that cannot be true, or whose text names anything; returns the sectors of the disk."""
    header = disk.fields(_HEADER, 0)
    if header[9] == _AT_END:
        header = _footer(disk, header)
    magic, version, unused_flags, capacity, grain, text, text_size, entries = header[:8]
    if magic != SPARSE or version not in (1, 2, 3):
        raise disk.damaged("its header is none that VMware writes")
    if not 0 < capacity <= _SECTORS:
        raise disk.damaged(f"its header tells of a disk of {capacity} sectors")
    if grain < 8 or grain > 4096 or grain & (grain - 1) or entries != 512:
        raise disk.damaged(f"its header tells of {entries} grains of {grain} sectors in a table")
    directory, tables = header[9], -(-capacity // (grain * entries))
    disk.table("<I", directory * SECTOR, tables)
    if text:
        size = min(max(text_size * SECTOR, _INSIDE), _INSIDE, disk.size - text * SECTOR)
        described = disk.read(text * SECTOR, size)
        kind, extents = _described(disk, described)
        if (kind not in _ALONE or len(extents) > 1) and not (is_part and not described.strip(b"\0")):
            raise disk.refused(f"describes a disk of the type {kind or 'unknown'} that is not in one file", "export it as one file")
    return int(capacity)


def _footer(disk: Window, header: tuple[int, ...]) -> tuple[int, ...]:
    """The header at the end, which a disk that was written in one go has."""
    count, size, kind = disk.fields("<QII", disk.size - 3 * SECTOR)
    if (size, kind) != (0, 3) or not count:
        raise disk.damaged("its end is missing, where the table of its blocks is")
    footer = disk.fields(_HEADER, disk.size - 2 * SECTOR)
    if footer[9] == _AT_END or footer[3:9] != header[3:9]:
        raise disk.damaged("the header at its end differs from that at its beginning")
    return footer
