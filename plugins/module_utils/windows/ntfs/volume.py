# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An NTFS volume, of which directories and files are read by their names; nothing of it is mounted, and nothing is written.

Whatever it says of itself is checked before it is followed: a damaged or hostile volume ends in one sentence.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs import index, record
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.index import Entry
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.record import Attribute, BadRecord, Record
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.stream import Stream
from ansible_collections.hygeia.golden.plugins.module_utils.windows.reading import Bytes
from ansible_collections.hygeia.golden.plugins.module_utils.windows.text import folded

SIGNATURE = b"NTFS    "
_MFT, _VOLUME, _ROOT = 0, 3, 5
_NAMES = "$I30"
_DIRTY = 1
# No directory has more blocks of names, no file more records, and no list of attributes more bytes.
_MOST_BLOCKS, _MOST_RECORDS, _LONGEST_LIST = 1 << 16, 1 << 12, 1 << 20
_WOF = 0x80000017
_COPY = "copy the template anew"


class Volume:
    """A volume; ``name`` is what sentences call it."""

    def __init__(self, disk: Bytes, name: str) -> None:
        self.name = name
        self._disk = disk
        self._sector, self._cluster, mft, self._record_size, self._block_size = self._geometry(disk.read(0, 512))
        self._records: dict[int, Record] = {}
        self._directories: dict[int, dict[str, Entry]] = {}
        self._mft = self._of_mft(mft)

    def _geometry(self, boot: bytes) -> tuple[int, int, int, int, int]:
        """The boot sector: bytes of a sector, of a cluster, the cluster of the table, bytes of a record and of an index block."""
        sector, per_cluster = struct.unpack_from("<HB", boot, 11)
        mft, unused_mirror, of_record, unused_1, unused_2, unused_3, of_block = struct.unpack_from("<QQbBBBb", boot, 48)
        per_cluster = per_cluster if per_cluster <= 128 else 1 << 256 - per_cluster
        cluster = sector * per_cluster
        if boot[3:11] != SIGNATURE or sector not in (512, 1024, 2048, 4096) or not 512 <= cluster <= 2 << 20:
            raise self.damaged("its boot sector is none")
        sizes = [count * cluster if count > 0 else 1 << -count for count in (of_record, of_block)]
        if not all(512 <= size <= 65536 for size in sizes) or mft * cluster + sizes[0] > self._disk.size:
            raise self.damaged("its boot sector is none")
        return sector, cluster, mft, sizes[0], sizes[1]

    def damaged(self, what: str) -> Unreadable:
        return Unreadable(f"{self.name} is damaged, {what}: repair it with chkdsk in the template, or copy the template anew")

    # -- records --------------------------------------------------------------------

    def _of_mft(self, cluster: int) -> Stream:
        """The master file table, which is described by its own first record."""
        block = self._disk.read(cluster * self._cluster, self._record_size)
        first = self._parsed(block, _MFT)
        parts = first.all(record.DATA)
        if not parts:
            raise self.damaged("its master file table has no data")
        name = f"the master file table of {self.name}"
        if not first.all(record.ATTRIBUTE_LIST):
            return Stream(self._disk, self._cluster, parts, name)
        # The first part of the table leads to the records that describe the others.
        self._records[_MFT] = first
        self._mft = Stream(self._disk, self._cluster, parts, name, partial=True)
        return Stream(self._disk, self._cluster, self._attributes(first, record.DATA), name)

    def _parsed(self, block: bytes, number: int) -> Record:
        try:
            return record.parsed(block, number, self._sector)
        except BadRecord as problem:
            raise self.damaged(f"{problem} (record {number})") from problem

    def record(self, number: int) -> Record:
        found = self._records.get(number)
        if found is None:
            if number < 0 or (number + 1) * self._record_size > self._mft.size:
                raise self.damaged(f"there is no record {number}")
            found = self._parsed(self._mft.read(number * self._record_size, self._record_size), number)
            if len(self._records) < 4096:
                self._records[number] = found
        return found

    @property
    def count(self) -> int:
        """How many records the table has."""
        return self._mft.size // self._record_size

    def _attributes(self, of: Record, sort: int, name: str = "") -> list[Attribute]:
        """The parts of an attribute, in whichever records they lie."""
        lists = of.all(record.ATTRIBUTE_LIST)
        if not lists:
            return of.all(sort, name)
        data = Stream(self._disk, self._cluster, lists, f"the attribute list of record {of.number} of {self.name}").all(_LONGEST_LIST)
        try:
            numbers = list(dict.fromkeys(each.record for each in record.listed(data) if (each.type, each.name) == (sort, name)))
        except BadRecord as problem:
            raise self.damaged(f"{problem} (record {of.number})") from problem
        if len(numbers) > _MOST_RECORDS:
            raise self.damaged(f"record {of.number} has more parts than any")
        found: list[Attribute] = []
        for number in numbers:
            part = of if number == of.number else self.record(number)
            if part is not of and part.base != of.number:
                raise self.damaged(f"record {number} is no part of record {of.number}")
            found += part.all(sort, name)
        return found

    # -- directories -------------------------------------------------------------------

    def entries(self, number: int = _ROOT) -> dict[str, Entry]:
        """What is in a directory, by names in one case."""
        if number not in self._directories:
            self._directories[number] = {folded(entry.name): entry for entry in self._listed(number)}
        return self._directories[number]

    def _listed(self, number: int) -> Iterator[Entry]:
        of = self.record(number)
        roots = self._attributes(of, record.INDEX_ROOT, _NAMES)
        if not of.directory or not roots or not roots[0].resident:
            raise self.damaged(f"record {number} is no directory")
        allocation = self._attributes(of, record.INDEX_ALLOCATION, _NAMES)
        blocks = Stream(self._disk, self._cluster, allocation, f"a directory of {self.name}") if allocation else None
        # The blocks of an index are counted in clusters, or in sectors where a cluster is larger than a block.
        unit = self._cluster if self._cluster <= self._block_size else 512
        try:
            pending: list[index.Node] = [index.node(roots[0].content, 16)]
            seen: set[int] = set()
            while pending:
                found = pending.pop()
                yield from found.entries
                for block in found.below:
                    if block in seen or len(seen) > _MOST_BLOCKS or blocks is None:
                        raise self.damaged(f"the index of record {number} leads nowhere")
                    seen.add(block)
                    data = blocks.read(block * unit, self._block_size)
                    pending.append(index.node(record.protected(data, b"INDX", self._sector), 24))
        except BadRecord as problem:
            raise self.damaged(f"{problem} (the index of record {number})") from problem

    def find(self, path: str) -> Entry | None:
        """What a path leads to, such as ``Windows\\System32``, in whichever case; links are not followed."""
        number, found = _ROOT, None
        for part in filter(None, path.replace("/", "\\").split("\\")):
            if found is not None and (not found.directory or found.reparse):
                return None
            found = self.entries(number).get(folded(part))
            if found is None:
                return None
            number = found.record
        return found

    def listed(self, path: str) -> list[Entry]:
        """The entries of a directory; none where there is no such directory."""
        if not path.strip("\\/"):
            return list(self.entries().values())
        found = self.find(path)
        return list(self.entries(found.record).values()) if found and found.directory and not found.reparse else []

    # -- files ----------------------------------------------------------------------------

    def open(self, path: str, stream: str = "") -> Stream | None:
        """A stream of a file, its own or an alternate one; None where there is none."""
        found = self.find(path)
        return self.stream(found, path, stream) if found and not found.directory else None

    def stream(self, entry: Entry, path: str, stream: str = "") -> Stream | None:
        of = self.record(entry.record)
        if not of.in_use or of.sequence != entry.sequence:
            raise self.damaged(f"{path} leads to a record that is not its own")
        if not stream and self._backed(of):
            raise Unreadable(
                f"{path} of {self.name} is compressed by CompactOS, which is not read: run compact /CompactOs:never in the template"
            )
        parts = self._attributes(of, record.DATA, stream)
        where = f"{path}:{stream}" if stream else path
        return Stream(self._disk, self._cluster, parts, f"{where} of {self.name}") if parts else None

    def streams(self, entry: Entry) -> list[str]:
        """The names of the alternate data streams of a file or directory."""
        of = self.record(entry.record)
        lists = of.all(record.ATTRIBUTE_LIST)
        if not lists:
            return [each.name for each in of.attributes if each.type == record.DATA and each.name]
        data = Stream(self._disk, self._cluster, lists, f"the attribute list of record {of.number} of {self.name}").all(_LONGEST_LIST)
        return list(dict.fromkeys(each.name for each in record.listed(data) if each.type == record.DATA and each.name))

    def read(self, path: str, most: int) -> bytes | None:
        """The content of a file, unless it is longer than ``most``; None where there is none."""
        found = self.open(path)
        return found.all(most) if found else None

    def _backed(self, of: Record) -> bool:
        points = self._attributes(of, record.REPARSE_POINT)
        return bool(points) and points[0].content[:4] == struct.pack("<I", _WOF)

    # -- what the volume says of itself ------------------------------------------------------

    @property
    def dirty(self) -> bool:
        """Was it not shut down cleanly?"""
        found = self.record(_VOLUME).all(record.VOLUME_INFORMATION)
        return bool(found) and len(found[0].content) >= 12 and bool(struct.unpack_from("<H", found[0].content, 10)[0] & _DIRTY)
