# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Archives on a disk of which no file is known: found by how they begin, and read from there for as long as they make sense.

The blocks of a deleted file are no list any more, so that of one in several pieces only the first piece is read. What makes no sense
is no archive, or a part of one that was overwritten, and is no matter to report.
"""

from __future__ import annotations

import io
import os
import re
import struct
import tarfile
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.residue import archives
from ansible_collections.hygeia.golden.plugins.module_utils.residue.nested import Nested
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Window

# Filesystems give a file whole blocks, and a block never begins within a sector.
SECTOR = 512
_BEGINNINGS = re.compile(b"[" + re.escape(archives.FIRST_BYTES) + b"]")
_ZIP_END, _ZIP_RECORD = b"PK\x05\x06", struct.Struct("<4s4H2IH")


def places(window: Window) -> Iterator[tuple[int, str]]:
    """Where on the disk something begins like an archive, and of which kind that is."""
    start = window.low + -(window.base + window.low) % SECTOR
    suspected = {found.start() for found in _BEGINNINGS.finditer(window.data[start : window.high : SECTOR])}
    marks = window.data[start + archives.TAR_MARK : window.high + archives.TAR_MARK : SECTOR]
    suspected |= {found.start() for found in re.finditer(b"u", marks)}
    for number in sorted(suspected):
        place = start + number * SECTOR
        kind = archives.form(window.data[place : place + SECTOR])
        if kind and place < window.high:
            yield window.base + place, kind


class Carver:
    """Opens the archives of a part of a disk, one after the other."""

    def __init__(self, handle: int, size: int, name: str, nested: Nested) -> None:
        self._handle, self._size = handle, size
        self._name, self._nested = name, nested
        self._until = 0  # what a tar file holds begins with a sector too, and was seen in it

    def open(self, place: int, kind: str) -> None:
        if place < self._until:
            return
        stream = _Stretch(self._handle, place, self._size)
        seekable = _zip(stream) if kind == "zip" else None
        if kind == "zip" and seekable is None:
            return
        self._nested.open_stream(f"{self._name} at byte {place}", kind, stream, seekable)
        if kind == "tar":
            self._until = self._end_of_tar(place)

    def _end_of_tar(self, place: int) -> int:
        """Where the members of a tar file end, one behind the other, each with a header of a sector."""
        while place < self._size:
            header = os.pread(self._handle, SECTOR, place)
            if archives.form(header) != "tar":
                break
            try:
                size = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape").size
            except tarfile.HeaderError:
                break
            place += SECTOR + -(-max(size, 0) // SECTOR) * SECTOR
        return place


class _Stretch:
    """What lies on a disk from some place on."""

    def __init__(self, handle: int, place: int, end: int) -> None:
        self._handle, self._end = handle, end
        self.place = place

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._end - self.place if size < 0 else min(size, self._end - self.place)
        data = os.pread(self._handle, wanted, self.place)
        self.place += len(data)
        return data


def _zip(stream: _Stretch) -> io.BytesIO | None:
    """A whole zip file: only its end says where in it everything is. None where there is no such end."""
    data = bytearray()
    while len(data) < archives.HELD:
        piece = stream.read(1 << 20)
        known = max(0, len(data) - _ZIP_RECORD.size)
        data += piece
        place = data.find(_ZIP_END, known)
        while 0 <= place <= len(data) - _ZIP_RECORD.size:
            length, offset, comment = _ZIP_RECORD.unpack_from(data, place)[5:]
            if offset + length == place:
                return io.BytesIO(bytes(data[: place + _ZIP_RECORD.size + comment]))
            place = data.find(_ZIP_END, place + 1)
        if not piece:
            break
    return None
