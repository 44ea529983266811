# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A record of the master file table: its attributes, of which nothing is believed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.windows.text import utf16

# Attribute types.
ATTRIBUTE_LIST, FILE_NAME, VOLUME_NAME, VOLUME_INFORMATION = 0x20, 0x30, 0x60, 0x70
DATA, INDEX_ROOT, INDEX_ALLOCATION, BITMAP, REPARSE_POINT = 0x80, 0x90, 0xA0, 0xB0, 0xC0
_END = 0xFFFFFFFF
_IN_USE, _DIRECTORY = 1, 2
COMPRESSED, ENCRYPTED = 0x00FF, 0x4000
_MOST_ATTRIBUTES = 4096


class BadRecord(Exception):
    """A record that cannot be true; the words finish the sentence "... is damaged, "."""


@dataclass(frozen=True)
class Attribute:
    """One attribute: its bytes if it is resident, else its runs from the cluster ``first`` on."""

    type: int
    name: str
    flags: int
    resident: bool
    content: bytes = b""
    runs: bytes = b""
    first: int = 0
    unit: int = 0
    size: int = 0
    initialized: int = 0


@dataclass(frozen=True)
class Record:
    number: int
    in_use: bool
    directory: bool
    sequence: int
    base: int
    attributes: tuple[Attribute, ...]

    def all(self, sort: int, name: str = "") -> list[Attribute]:
        return [each for each in self.attributes if each.type == sort and each.name == name]


def protected(block: bytes, signature: bytes, sector: int) -> bytes:
    """A block with its fixups taken back: the last two bytes of each sector lie in its head."""
    if block[:4] != signature:
        raise BadRecord(f"a block does not begin with {signature.decode()}")
    offset, count = struct.unpack_from("<HH", block, 4)
    if count < 2 or offset + 2 * count > len(block) or (count - 1) * sector > len(block):
        raise BadRecord("a block has fixups that it cannot have")
    mark, fixed = block[offset : offset + 2], bytearray(block)
    for number in range(1, count):
        end = number * sector - 2
        if block[end : end + 2] != mark:
            raise BadRecord("a block was written only in part")
        fixed[end : end + 2] = block[offset + 2 * number : offset + 2 * number + 2]
    return bytes(fixed)


def parsed(block: bytes, number: int, sector: int) -> Record:
    """The record in a block of the master file table."""
    block = protected(block, b"FILE", sector)
    (sequence,) = struct.unpack_from("<H", block, 16)
    first, flags, used = struct.unpack_from("<HHI", block, 20)
    (base,) = struct.unpack_from("<Q", block, 32)
    end = min(used, len(block))
    attributes = tuple(_attributes(block, first, end))
    return Record(number, bool(flags & _IN_USE), bool(flags & _DIRECTORY), sequence, base & (1 << 48) - 1, attributes)


def _attributes(block: bytes, at: int, end: int) -> Iterator[Attribute]:
    for unused_number in range(_MOST_ATTRIBUTES):
        if at + 4 > end:
            raise BadRecord("a record has no end")
        (sort,) = struct.unpack_from("<I", block, at)
        if sort == _END:
            return
        if at + 24 > end:
            raise BadRecord("an attribute is cut off")
        (length,) = struct.unpack_from("<I", block, at + 4)
        if length < 24 or length % 8 or at + length > end:
            raise BadRecord("an attribute is longer than its record")
        yield _attribute(sort, block[at : at + length])
        at += length
    raise BadRecord("a record has more attributes than any")


def _attribute(sort: int, data: bytes) -> Attribute:
    elsewhere, name_length, name_at, flags = struct.unpack_from("<BBHH", data, 8)
    if name_at + 2 * name_length > len(data):
        raise BadRecord("the name of an attribute is cut off")
    name = utf16(data[name_at : name_at + 2 * name_length])
    if not elsewhere:
        size, at = struct.unpack_from("<IH", data, 16)
        if at + size > len(data):
            raise BadRecord("an attribute is cut off")
        return Attribute(sort, name, flags, True, data[at : at + size], size=size, initialized=size)
    if len(data) < 64:
        raise BadRecord("an attribute is cut off")
    first, unused_last, runs_at, unit = struct.unpack_from("<QQHH", data, 16)
    unused_allocated, size, initialized = struct.unpack_from("<QQQ", data, 40)
    if runs_at > len(data) or unit > 16 or size >= 1 << 60 or initialized > size:
        raise BadRecord("an attribute has sizes that it cannot have")
    return Attribute(sort, name, flags, False, runs=data[runs_at:], first=first, unit=unit, size=size, initialized=initialized)


@dataclass(frozen=True)
class Listed:
    """An entry of an attribute list: in which record the attribute lies, or the part of it from a cluster on."""

    type: int
    name: str
    record: int


def listed(data: bytes) -> list[Listed]:
    """The entries of an attribute list."""
    found, at = [], 0
    while at + 26 <= len(data):
        sort, length, name_length, name_at = struct.unpack_from("<IHBB", data, at)
        if length < 24 or at + length > len(data) or name_at + 2 * name_length > length:
            raise BadRecord("an attribute list is cut off")
        (reference,) = struct.unpack_from("<Q", data, at + 16)
        name = utf16(data[at + name_at : at + name_at + 2 * name_length])
        found.append(Listed(sort, name, reference & (1 << 48) - 1))
        at += length
    return found
