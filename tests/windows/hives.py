# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing registry hives and their transaction logs, so that tests have some without a Windows.

A key is a mapping: what is a mapping in it is a subkey, everything else a value. A number is a dword, a text sz, a list multi_sz,
bytes are binary, and ``(type, bytes)`` is as it says. The default value has an empty name.
"""

from __future__ import annotations

import struct

from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.log import marvin32

SZ, BINARY, DWORD, MULTI_SZ, QWORD = 1, 3, 4, 7, 11
NOTHING = 0xFFFFFFFF
SEGMENT = 16344
# An empty security descriptor, self-relative.
DESCRIPTOR = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)


def text(value):
    return value.encode("utf-16-le", "surrogatepass") + b"\0\0"


def encoded(value):
    """The type and the bytes of a value."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, int):
        return DWORD, struct.pack("<I", value)
    if isinstance(value, str):
        return SZ, text(value)
    if isinstance(value, list):
        return MULTI_SZ, b"".join(map(text, value)) + b"\0\0"
    return BINARY, value


def name_of(value):
    """The bytes of a name, and whether they are one for each character."""
    try:
        return value.encode("latin-1"), True
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass"), False


class Writer:
    """One hive; ``lists`` is the sort of the lists of subkeys, of which ``ri`` has several in it."""

    def __init__(self, lists="lh", minor=5):
        self.body = bytearray(32)
        self.lists, self.minor = lists, minor

    def cell(self, data):
        size = -(-(len(data) + 4) // 8) * 8
        offset = len(self.body)
        self.body += struct.pack("<i", -size) + data + bytes(size - 4 - len(data))
        return offset

    def key(self, tree, name, parent, security, root=False):
        raw, short = name_of(name)
        flags = (0x20 if short else 0) | (0x0C if root else 0)
        offset = self.cell(bytes(76 + len(raw)))
        subkeys = sorted(((each, value) for each, value in tree.items() if isinstance(value, dict)), key=lambda item: item[0].upper())
        values = [(each, value) for each, value in tree.items() if not isinstance(value, dict)]
        below = [(each, self.key(value, each, offset, security)) for each, value in subkeys]
        listed = self.subkeys(below) if below else NOTHING
        of_values = [self.value(each, value) for each, value in values]
        list_of_values = self.cell(struct.pack(f"<{len(of_values)}I", *of_values)) if of_values else NOTHING
        head = struct.pack(
            "<2sHQIIIIIIIIIIIIIIIHH",
            b"nk",
            flags,
            0,
            0,
            parent,
            len(below),
            0,
            listed,
            NOTHING,
            len(values),
            list_of_values,
            security,
            NOTHING,
            0,
            0,
            0,
            0,
            0,
            len(raw),
            0,
        )
        self.body[offset + 4 : offset + 4 + len(head) + len(raw)] = head + raw
        return offset

    def subkeys(self, below):
        if self.lists == "ri":
            half = max(1, len(below) // 2)
            parts = [self.leaf(part, "lh") for part in (below[:half], below[half:]) if part]
            return self.cell(struct.pack(f"<2sH{len(parts)}I", b"ri", len(parts), *parts))
        return self.leaf(below, self.lists)

    def leaf(self, below, sort):
        if sort == "li":
            return self.cell(struct.pack(f"<2sH{len(below)}I", b"li", len(below), *(offset for unused, offset in below)))
        pairs = [number for name, offset in below for number in (offset, self.hash(name))]
        return self.cell(struct.pack(f"<2sH{len(pairs)}I", sort.encode(), len(below), *pairs))

    @staticmethod
    def hash(name):
        total = 0
        for each in name.upper():
            total = (total * 37 + ord(each)) & 0xFFFFFFFF
        return total

    def value(self, name, value):
        sort, data = encoded(value)
        raw, short = name_of(name)
        if len(data) <= 4:
            size, place = len(data) | 0x80000000, struct.unpack("<I", data.ljust(4, b"\0"))[0]
        else:
            size, place = len(data), self.data(data)
        return self.cell(struct.pack("<2sHIIIHH", b"vk", len(raw), size, place, sort, 1 if short else 0, 0) + raw)

    def data(self, data):
        if len(data) <= SEGMENT or self.minor < 4:
            return self.cell(data)
        segments = [self.cell(data[at : at + SEGMENT]) for at in range(0, len(data), SEGMENT)]
        listed = self.cell(struct.pack(f"<{len(segments)}I", *segments))
        return self.cell(struct.pack("<2sHI", b"db", len(segments), listed))


def checksum(block):
    total = 0
    for (word,) in struct.iter_unpack("<I", block[:508]):
        total ^= word
    return {0: 1, NOTHING: NOTHING - 1}.get(total, total)


def base(root, size, first=1, second=1, minor=5, sort=0, name="hive"):
    block = bytearray(4096)
    struct.pack_into("<4sIIQIIIIIII", block, 0, b"regf", first, second, 0, 1, minor, sort, 1, root, size, 1)
    encoded_name = name.encode("utf-16-le")[:64]
    block[48 : 48 + len(encoded_name)] = encoded_name
    struct.pack_into("<I", block, 508, checksum(block))
    return bytes(block)


def hive(tree, lists="lh", minor=5, first=1, second=1):
    """The bytes of a hive with these keys."""
    writer = Writer(lists, minor)
    security = writer.cell(struct.pack("<2sHIIII", b"sk", 0, 0, 0, 1, len(DESCRIPTOR)) + DESCRIPTOR)
    struct.pack_into("<II", writer.body, security + 8, security, security)
    root = writer.key(tree, "ROOT", security, security, root=True)
    rest = -len(writer.body) % 4096
    if rest:
        writer.body += struct.pack("<i", rest) + bytes(rest - 4)
    struct.pack_into("<4sIII", writer.body, 0, b"hbin", 0, len(writer.body), 0)
    return base(root, len(writer.body), first, second, minor) + bytes(writer.body)


def entry(sequence, size, pages):
    """A log entry with pages, each as (place behind the base block, bytes)."""
    references = b"".join(struct.pack("<II", place, len(data)) for place, data in pages)
    body = references + b"".join(data for unused, data in pages)
    body += bytes(-(40 + len(body)) % 512)
    head = struct.pack("<4sIIIIIQ", b"HvLE", 40 + len(body), 0, sequence, size, len(pages), marvin32(body))
    return head + struct.pack("<Q", marvin32(head)) + body


def log(before, after, first, entries=1):
    """A transaction log that leads from the one hive to the other, with the pages in which they differ spread over entries."""
    old, new = before[4096:], after[4096:]
    old = old.ljust(len(new), b"\0")
    places = [at for at in range(0, len(new), 4096) if old[at : at + 4096] != new[at : at + 4096]]
    parts = [places[number::entries] for number in range(entries)]
    block = base(struct.unpack_from("<I", after, 36)[0], len(new), first, first, sort=6)[:512]
    return block + b"".join(
        entry(first + number, len(new), [(at, new[at : at + 4096]) for at in part]) for number, part in enumerate(parts)
    )
