# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of a FAT filesystem, which a kernel without vfat cannot mount: an EFI system partition, mostly.

Only what firmware asks for is read: a path of short names, such as /EFI/BOOT/BOOTX64.EFI.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

# The largest boot loader that anybody has is a unified kernel image with an initramfs in it.
LARGEST = 256 << 20
_ENTRY = 32
_MOST_ENTRIES = 65_536
_VOLUME, _DIRECTORY, _LONG = 0x08, 0x10, 0x0F


class NotUnderstood(ValueError):
    """Bytes that are no FAT filesystem."""


class Window(Protocol):
    """A part of a disk."""

    @property
    def size(self) -> int: ...

    def read(self, at: int, count: int, /) -> bytes: ...


@dataclass(frozen=True)
class Layout:
    """Where the parts of a FAT filesystem are, in bytes; ``clusters`` is their number, ``width`` that of an entry in bits."""

    table: int
    table_size: int
    root: int
    root_entries: int
    root_cluster: int
    data: int
    cluster: int
    clusters: int
    width: int

    @classmethod
    def of(cls, window: Window) -> Layout:
        head = window.read(0, 512)
        (sector,) = struct.unpack_from("<H", head, 11)
        per_cluster = head[13]
        reserved, tables, entries = struct.unpack_from("<HBH", head, 14)
        (small,) = struct.unpack_from("<H", head, 19)
        sectors = small or struct.unpack_from("<I", head, 32)[0]
        table = struct.unpack_from("<H", head, 22)[0] or struct.unpack_from("<I", head, 36)[0]
        if head[510:512] != b"\x55\xaa" or sector not in (512, 1024, 2048, 4096) or not per_cluster or not tables or not table:
            raise NotUnderstood("its first sector is not that of a FAT filesystem")
        root = reserved + tables * table
        data = root + -(-entries * _ENTRY // sector)
        clusters = (sectors - data) // per_cluster
        if clusters <= 0 or sectors * sector > window.size:
            raise NotUnderstood("it claims to be larger than its partition")
        width = 12 if clusters < 4085 else 16 if clusters < 65525 else 32
        if (clusters + 2) * width // 8 > table * sector:
            raise NotUnderstood("its table is too short")
        return cls(
            reserved * sector,
            table * sector,
            root * sector,
            entries,
            struct.unpack_from("<I", head, 44)[0] if width == 32 else 0,
            data * sector,
            per_cluster * sector,
            clusters,
            width,
        )


@dataclass(frozen=True)
class _Found:
    """An entry of a directory."""

    name: str
    directory: bool
    cluster: int
    size: int


class Files:
    """What lies on a FAT filesystem, by the short names of paths; case does not matter."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._layout = Layout.of(window)

    def read(self, path: str) -> bytes | None:
        """What a file holds, or None where there is none."""
        found = self._at(path)
        if found is None or found.directory:
            return None
        if found.size > LARGEST:
            raise NotUnderstood(f"{path} is larger than {LARGEST} bytes")
        return b"".join(self._chain(found.cluster, found.size))[: found.size]

    def names(self, path: str) -> list[str]:
        """The names in a directory; none where there is none."""
        found = self._at(path)
        return [each.name for each in self._entries(found.cluster)] if found and found.directory else []

    def _at(self, path: str) -> _Found | None:
        here = _Found("", True, 0, 0)
        for part in filter(None, path.upper().split("/")):
            inside = self._entries(here.cluster) if here.directory else []
            found = next((entry for entry in inside if entry.name == part), None)
            if found is None:
                return None
            here = found
        return here

    def _entries(self, cluster: int) -> list[_Found]:
        """The entries of a directory; that of the root has the cluster 0 everywhere but in FAT32."""
        data = self._root() if not cluster else b"".join(self._chain(cluster, _MOST_ENTRIES * _ENTRY))
        found = []
        for place in range(0, len(data) - _ENTRY + 1, _ENTRY):
            entry = data[place : place + _ENTRY]
            if entry[0] == 0:
                break
            if entry[0] != 0xE5 and not (entry[11] & _LONG == _LONG or entry[11] & _VOLUME):
                found.append(_entry(entry))
        return found

    def _root(self) -> bytes:
        layout = self._layout
        if layout.width == 32:
            return b"".join(self._chain(layout.root_cluster, _MOST_ENTRIES * _ENTRY))
        return self._window.read(layout.root, layout.root_entries * _ENTRY)

    def _chain(self, cluster: int, most: int) -> Iterator[bytes]:
        """The clusters that follow each other from one on; a circle ends where there is no room for more."""
        layout = self._layout
        taken = 0
        while 2 <= cluster < layout.clusters + 2 and taken < most:
            yield self._window.read(layout.data + (cluster - 2) * layout.cluster, layout.cluster)
            taken += layout.cluster
            cluster = self._next(cluster)

    def _next(self, cluster: int) -> int:
        if self._layout.width == 12:
            word = self._table[cluster * 3 // 2] | self._table[cluster * 3 // 2 + 1] << 8
            return word >> 4 if cluster & 1 else word & 0xFFF
        if self._layout.width == 16:
            return int(struct.unpack_from("<H", self._table, cluster * 2)[0])
        return int(struct.unpack_from("<I", self._table, cluster * 4)[0]) & 0x0FFFFFFF

    @cached_property
    def _table(self) -> bytes:
        return self._window.read(self._layout.table, self._layout.table_size)


def _entry(entry: bytes) -> _Found:
    stem, ending = (entry[start:end].decode("cp437").rstrip(" ") for start, end in ((0, 8), (8, 11)))
    high, low = struct.unpack_from("<H", entry, 20)[0], struct.unpack_from("<H", entry, 26)[0]
    name = f"{stem}.{ending}" if ending else stem
    return _Found(name, bool(entry[11] & _DIRECTORY), high << 16 | low, struct.unpack_from("<I", entry, 28)[0])
