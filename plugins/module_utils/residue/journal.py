# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Journals of systemd (https://systemd.io/JOURNAL_FILE_FORMAT): what is long in a message is compressed, each field by itself."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Read

SIGNATURE = b"LPKSHHRH"
# The sizes of the header and of all objects stand behind flags and identifiers.
_HEADER, _SIZES = 104, struct.Struct("<2Q")
_FLAGS, _COMPACT = 12, 16
_OBJECT = struct.Struct("<2B6xQ")
_DATA, _XZ, _LZ4, _ZSTD = 1, 1, 2, 4
_FIELDS, _COMPACT_FIELDS = 64, 72
# So much of what is compressed is held.
_HELD = 64 << 20


class Unread(ValueError):
    """Why not all of a journal can be searched, as a part of a sentence."""


@dataclass
class _Packed:
    """The compressed fields of a journal, by how they are compressed, and whether there are more than can be held."""

    fields: dict[int, list[bytes]] = field(default_factory=lambda: {_XZ: [], _LZ4: [], _ZSTD: []})
    size: int = 0
    more: bool = False

    def wants(self, kind: int, flags: int, length: int) -> bool:
        packed = kind == _DATA and flags in self.fields
        self.more |= packed and self.size + length > _HELD
        return packed and self.size + length <= _HELD

    def add(self, flags: int, content: bytes) -> None:
        self.fields[flags].append(content)
        self.size += len(content)


def entries(read: Read) -> Iterator[tuple[str, Read]]:
    """The journal as it is, but for its signature, and the compressed fields of each kind in a row, which are an archive again."""
    packed = _Packed()
    yield "", _reader(_pieces(read, packed))
    for flag in (_XZ, _ZSTD):
        if packed.fields[flag]:
            yield "long messages", io.BytesIO(b"".join(packed.fields[flag])).read
    if packed.fields[_LZ4]:
        raise Unread("long messages in it are compressed with LZ4")
    if packed.more:
        raise Unread(f"there are more than {_HELD >> 20} MiB of long messages")


def _pieces(read: Read, packed: _Packed) -> Iterator[bytes]:
    """All bytes of the journal, of which the compressed fields are kept too."""
    header = _exactly(read, _HEADER)
    yield bytes(len(SIGNATURE)) + header[len(SIGNATURE) :]
    if len(header) < _HEADER:
        return
    size, left = _SIZES.unpack_from(header, _HEADER - _SIZES.size)
    start = (_COMPACT_FIELDS if header[_FLAGS] & _COMPACT else _FIELDS) - _OBJECT.size
    yield from _rest(read, size - _HEADER)
    while left >= _OBJECT.size:
        head = _exactly(read, _OBJECT.size)
        yield head
        left -= _OBJECT.size
        kind, flags, length = _OBJECT.unpack(head) if len(head) == _OBJECT.size else (0, 0, 0)
        if not kind or length < _OBJECT.size:
            yield from _rest(read, left)  # what comes here is no object any more, or damaged
            return
        wanted = min(-(-length // 8) * 8 - _OBJECT.size, left)
        left -= wanted
        content = []
        kept = packed.wants(kind, flags, length)
        for piece in _rest(read, wanted):
            yield piece
            content += [piece] if kept else []
        if kept:
            packed.add(flags, b"".join(content)[start : length - _OBJECT.size])


def _rest(read: Read, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = read(min(size, 1 << 20))
        if not piece:
            return
        size -= len(piece)
        yield piece


def _exactly(read: Read, size: int) -> bytes:
    return b"".join(_rest(read, size))


def _reader(pieces: Iterator[bytes]) -> Read:
    left = b""

    def read(size: int) -> bytes:
        nonlocal left
        while not left:
            piece = next(pieces, None)
            if piece is None:
                return b""
            left = piece
        data, left = left[:size], left[size:]
        return data

    return read
