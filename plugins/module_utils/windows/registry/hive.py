# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A registry hive (regf): its keys and values, read from the bytes of its file, of which nothing is believed.

The format is described in Maxim Suhanov's "Windows registry file format specification"; no program of Windows is needed. Keys are
read when they are asked for, so that a hive of 100 MB costs what is looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.values import Value
from ansible_collections.hygeia.golden.plugins.module_utils.windows.text import folded, latin, utf16

BASE = 4096
# What Windows allows: the length of a name, the depth of keys, and a list of lists that has no list of lists in it.
_DEEPEST, _LONGEST_NAME = 512, 512
# No key of a real system has more subkeys or values, and no value more bytes.
_MOST_KEYS, _MOST_VALUES, _LARGEST_VALUE = 1 << 20, 1 << 16, 64 << 20
# How much of a value one segment of big data holds (since version 1.4).
_SEGMENT = 16344
_NONE = 0xFFFFFFFF
_COMPRESSED_KEY, _COMPRESSED_VALUE, _INLINE = 0x20, 0x1, 0x80000000


@dataclass(frozen=True)
class Header:
    """The base block: the sequence numbers differ while the hive is being written."""

    first: int
    second: int
    minor: int
    root: int
    size: int
    sound: bool

    @property
    def clean(self) -> bool:
        return self.sound and self.first == self.second


def header(block: bytes, name: str) -> Header:
    """The base block of a hive or of a log; an error for what is none."""
    if len(block) < 512 or block[:4] != b"regf":
        raise Unreadable(f"{name} is no registry hive: copy the template anew")
    first, second = struct.unpack_from("<II", block, 4)
    major, minor, unused_type, unused_format, root, size = struct.unpack_from("<IIIIII", block, 20)
    if major != 1:
        raise Unreadable(f"{name} is a registry hive of the version {major}, which is not known: report it")
    (stored,) = struct.unpack_from("<I", block, 508)
    return Header(first, second, minor, root, size, stored == checksum(block))


def checksum(block: bytes) -> int:
    """Of the first 508 bytes of a base block."""
    total = 0
    for word in struct.unpack_from("<127I", block):
        total ^= word
    return {0: 1, _NONE: _NONE - 1}.get(total, total)


class Hive:
    """The bytes of a hive; ``name`` is what sentences call it, such as the path of its file."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.header = header(data[:BASE], name)
        self._data = data
        self._cells = min(len(data) - BASE, self.header.size)
        if self._cells < 32:
            raise self.damaged("it has no cells")

    @cached_property
    def root(self) -> Key:
        return Key(self, self.header.root, "", 0)

    def key(self, path: str) -> Key | None:
        """The key at a path below the root, such as ``Microsoft\\Windows NT``, in whichever case; None where there is none."""
        found: Key | None = self.root
        for part in filter(None, path.split("\\")):
            found = found.subkey(part) if found else None
        return found

    def cell(self, offset: int) -> bytes:
        """What a cell holds."""
        if not 0 <= offset <= self._cells - 8 or offset % 8:
            raise self.damaged(f"a cell is said to lie at {offset}")
        (size,) = struct.unpack_from("<i", self._data, BASE + offset)
        if size >= 0:
            raise self.damaged(f"the cell at {offset}, which is in use, is marked as free")
        if offset - size > self._cells or -size < 8:
            raise self.damaged(f"the cell at {offset} ends behind its end")
        return self._data[BASE + offset + 4 : BASE + offset - size]

    def fields(self, layout: str, cell: bytes, at: int = 0) -> tuple[int, ...]:
        """Numbers of a cell."""
        if at < 0 or at + struct.calcsize(layout) > len(cell):
            raise self.damaged("a cell is too short for what it holds")
        return struct.unpack_from(layout, cell, at)

    def damaged(self, what: str) -> Unreadable:
        return Unreadable(f"{self.name} is damaged, {what}: copy the template anew, or export it after a clean shutdown")


class Key:
    """A key, whose subkeys and values are read when they are asked for; ``path`` leads to it from the root of its hive."""

    def __init__(self, hive: Hive, offset: int, path: str, depth: int) -> None:
        self._hive, self._depth = hive, depth
        if depth > _DEEPEST:
            raise hive.damaged("its keys lie in each other without an end")
        cell = hive.cell(offset)
        if cell[:2] != b"nk":
            raise hive.damaged(f"there is no key at {offset}")
        (flags,) = hive.fields("<H", cell, 2)
        (self.written,) = hive.fields("<Q", cell, 4)
        self._count, unused_volatile, self._list = hive.fields("<III", cell, 20)
        self._values, self._value_list = hive.fields("<II", cell, 36)
        self._class, length, class_length = hive.fields("<IxxxxxxxxxxxxxxxxxxxxHH", cell, 48)[0:3]
        self._class_length = class_length
        if length > _LONGEST_NAME or 76 + length > len(cell):
            raise hive.damaged(f"the name of the key at {offset} is too long")
        name = cell[76 : 76 + length]
        self.name = latin(name) if flags & _COMPRESSED_KEY else utf16(name)
        self.path = f"{path}\\{self.name}" if path else (self.name if depth else "")

    @property
    def class_name(self) -> str:
        """The class of the key, which is empty nearly always."""
        if self._class == _NONE or not self._class_length:
            return ""
        return utf16(self._hive.cell(self._class)[: self._class_length])

    # -- subkeys ----------------------------------------------------------------

    @cached_property
    def _subkeys(self) -> dict[str, Key]:
        return {folded(key.name): key for key in self.subkeys()}

    def subkey(self, name: str) -> Key | None:
        return self._subkeys.get(folded(name))

    def subkeys(self) -> Iterator[Key]:
        """All subkeys, in the order of the hive."""
        if "_subkeys" in self.__dict__:
            yield from self._subkeys.values()
            return
        if not self._count:
            return
        if self._count > _MOST_KEYS:
            raise self._hive.damaged(f"the key {self.path or '(root)'} has {self._count} subkeys")
        for offset in self._offsets(self._list, True):
            yield Key(self._hive, offset, self.path, self._depth + 1)

    def _offsets(self, offset: int, outer: bool) -> list[int]:
        """Where the subkeys lie that a list names, or a list of lists."""
        hive, cell = self._hive, self._hive.cell(offset)
        sort = cell[:2]
        (count,) = hive.fields("<H", cell, 2)
        if sort in (b"lf", b"lh"):
            return list(hive.fields(f"<{2 * count}I", cell, 4)[::2])
        if sort == b"li":
            return list(hive.fields(f"<{count}I", cell, 4))
        if sort != b"ri" or not outer:
            raise hive.damaged(f"the list of the subkeys of {self.path or '(root)'} is none")
        found: list[int] = []
        for inner in hive.fields(f"<{count}I", cell, 4):
            found += self._offsets(inner, False)
            if len(found) > _MOST_KEYS:
                raise hive.damaged(f"the key {self.path or '(root)'} has more subkeys than any")
        return found

    # -- values -----------------------------------------------------------------

    @cached_property
    def _by_name(self) -> dict[str, Value]:
        return {folded(value.name): value for value in self.values()}

    def value(self, name: str) -> Value | None:
        """A value by its name, in whichever case; the default value has an empty name."""
        return self._by_name.get(folded(name))

    def values(self) -> Iterator[Value]:
        hive = self._hive
        if not self._values:
            return
        if self._values > _MOST_VALUES:
            raise hive.damaged(f"the key {self.path or '(root)'} has {self._values} values")
        listed = hive.fields(f"<{self._values}I", hive.cell(self._value_list))
        yield from (self._value(offset) for offset in listed)

    def _value(self, offset: int) -> Value:
        hive, cell = self._hive, self._hive.cell(offset)
        if cell[:2] != b"vk":
            raise hive.damaged(f"there is no value at {offset}")
        length, size, data, sort, flags = hive.fields("<HIIIH", cell, 2)
        if length > 2 * 16384 or 20 + length > len(cell):
            raise hive.damaged(f"the name of the value at {offset} is too long")
        name = cell[20 : 20 + length]
        text = latin(name) if flags & _COMPRESSED_VALUE else utf16(name)
        return Value(text, sort, self._data(size, data, cell))

    def _data(self, size: int, data: int, cell: bytes) -> bytes:
        """Up to four bytes lie where otherwise the place of the data is."""
        if size & _INLINE:
            return cell[8:12][: min(size & ~_INLINE, 4)]
        if size > _LARGEST_VALUE:
            raise self._hive.damaged(f"a value of the key {self.path} has {size} bytes")
        if not size:
            return b""
        found = self._hive.cell(data)
        if size > _SEGMENT and self._hive.header.minor > 3 and found[:2] == b"db":
            found = self._big(found, size)
        if len(found) < size:
            raise self._hive.damaged(f"a value of the key {self.path} is shorter than it is said to be")
        return found[:size]

    def _big(self, cell: bytes, size: int) -> bytes:
        count, listed = self._hive.fields("<HI", cell, 2)
        if count > _LARGEST_VALUE // _SEGMENT + 1:
            raise self._hive.damaged(f"a value of the key {self.path} has {count} segments")
        offsets = self._hive.fields(f"<{count}I", self._hive.cell(listed))
        return b"".join(self._hive.cell(offset)[:_SEGMENT] for offset in offsets)[:size]
