# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bytes of one stream of a file: resident, in runs, with holes, or compressed."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs import compression, runs
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.record import COMPRESSED, ENCRYPTED, Attribute
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.runs import Run
from ansible_collections.hygeia.golden.plugins.module_utils.windows.reading import Bytes, require_inside

_COPY = "copy the template anew"


class Stream:
    """A stream as Bytes; its attributes are the parts of it, which may lie in several records.

    A ``partial`` one is as long as the parts that are given.
    """

    def __init__(self, disk: Bytes, cluster: int, parts: Sequence[Attribute], name: str, partial: bool = False) -> None:
        self.name = name
        self._disk, self._cluster = disk, cluster
        first = min(parts, key=lambda part: part.first)
        if first.flags & ENCRYPTED:
            raise Unreadable(f"{name} is encrypted (EFS), so only its owner can read it: decrypt it in the template")
        self.size, self._initialized = first.size, first.initialized
        self._content = first.content if first.resident else None
        self._unit = (1 << first.unit) if first.flags & COMPRESSED and first.unit else 0
        self._runs: list[Run] = []
        self._unpacked: tuple[int, bytes] = (-1, b"")
        if self._content is None:
            self._runs = self._joined(parts, partial)

    def _joined(self, parts: Sequence[Attribute], partial: bool) -> list[Run]:
        found: list[Run] = []
        most, last = self._disk.size // self._cluster, 0
        try:
            for part in sorted(parts, key=lambda part: part.first):
                if part.resident or part.first != last:
                    raise runs.BadRuns
                found += runs.decoded(part.runs, part.first, most)
                last = found[-1].first + found[-1].clusters if found else 0
        except runs.BadRuns as problem:
            raise Unreadable(f"{self.name} is damaged, its clusters lie nowhere: {_COPY}") from problem
        if partial:
            self.size = self._initialized = min(self.size, self._initialized, last * self._cluster)
        if last * self._cluster < self.size:
            raise Unreadable(f"{self.name} is damaged, it is longer than its clusters: {_COPY}")
        return found

    def read(self, at: int, count: int) -> bytes:
        require_inside(self, at, count)
        if self._content is not None:
            return self._content[at : at + count]
        known = max(0, min(count, self._initialized - at))
        found = self._packed(at, known) if self._unit else self._plain(at, known)
        return found + bytes(count - known)

    def all(self, most: int) -> bytes:
        """The whole stream, unless it is longer than anybody's."""
        if self.size > most:
            raise Unreadable(f"{self.name} has {self.size} bytes, which is more than is read ({most}): report it")
        return self.read(0, self.size)

    def _plain(self, at: int, count: int) -> bytes:
        found, end = bytearray(), at + count
        for run in self._runs:
            start, stop = run.first * self._cluster, (run.first + run.clusters) * self._cluster
            if stop <= at or start >= end:
                continue
            low, high = max(start, at), min(stop, end)
            if run.place is None:
                found += bytes(high - low)
            else:
                found += self._disk.read(run.place * self._cluster + low - start, high - low)
        return bytes(found)

    # -- compressed ---------------------------------------------------------------

    def _packed(self, at: int, count: int) -> bytes:
        size = self._unit * self._cluster
        found = bytearray()
        for number in range(at // size, -(-(at + count) // size)):
            found += self._of_unit(number)
        skipped = at % size
        return bytes(found[skipped : skipped + count])

    def _of_unit(self, number: int) -> bytes:
        """A unit has all of its clusters, or none, or fewer: then it is compressed."""
        if self._unpacked[0] == number:
            return self._unpacked[1]
        first, size = number * self._unit, self._unit * self._cluster
        pieces = [
            (run.place + max(first, run.first) - run.first, min(first + self._unit, run.first + run.clusters) - max(first, run.first))
            for run in self._runs
            if run.place is not None and run.first < first + self._unit and run.first + run.clusters > first
        ]
        data = b"".join(self._disk.read(place * self._cluster, count * self._cluster) for place, count in pieces)
        try:
            whole = data if len(data) == size else compression.decompressed(data, size)
        except compression.BadCompression as problem:
            raise Unreadable(f"{self.name} is damaged, what is compressed in it cannot be restored: {_COPY}") from problem
        self._unpacked = (number, whole)
        return whole
