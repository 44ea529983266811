# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DICOM objects (PS3.5, PS3.10) in which the name or the number of a patient is filled, with a preamble or without."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

_IMPLICIT, _BIG_ENDIAN, _DEFLATED = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99"
_REPRESENTATIONS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SYNTAX, _NAME, _NUMBER, _BORN, _REMOVED = (2, 0x10), (0x10, 0x10), (0x10, 0x20), (0x10, 0x30), (0x12, 0x62)
_WANTED = (_NAME, _NUMBER, _BORN, _REMOVED)
_DIRECTORY = 4  # the group of a DICOMDIR
_UNDEFINED = 0xFFFFFFFF
# Groups 0002, 0008 and 0010 have no more elements than this, and what identifies a patient is no longer.
_MOST, _LONGEST, _INFLATED = 400, 512, 256 << 10
_BEGINNINGS = (b"\x02\x00", b"\x08\x00")

Tag = tuple[int, int]


def detect(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of ``DICM``, of a patient's name in explicit form, or the beginning of a file that may have no preamble."""
    if data.startswith(b"DICM", place):
        found = _file(data, place + 4) if place >= 128 else {}
    elif data.startswith(b"\x10\x00\x10\x00PN", place) or data.startswith(b"\x00\x10\x00\x10PN", place):
        found = _elements(data, place, True, "<" if data[place] else ">", strict=True)
    elif place == 0 and data[:2] in _BEGINNINGS:
        found = _file(data, 0)
    else:
        found = {}
    value = _patient(found)
    if value:
        yield value


def _patient(found: dict[Tag, bytes]) -> bytes:
    """What tells who the patient is; nothing where that is empty, or was removed as the object itself says."""
    if found.get(_REMOVED, b"").strip(b" \0") == b"YES":
        return b""
    name, number, born = (found.get(tag, b"").strip(b" \0^=") for tag in (_NAME, _NUMBER, _BORN))
    return b"\0".join((name, number, born)) if name or number else b""


def _file(data: bytes, place: int) -> dict[Tag, bytes]:
    """A file from after its preamble on: the elements of group 0002 say how the others are written."""
    explicit = data[place + 4 : place + 6] in _REPRESENTATIONS
    if not explicit:
        return _elements(data, place, False, "<")
    meta = _elements(data, place, True, "<", last=2)
    syntax = meta.get(_SYNTAX, b"").rstrip(b" \0")
    place += _length(data, place)
    if syntax == _DEFLATED:
        return _elements(_inflated(data[place:]), 0, True, "<")
    order = ">" if syntax == _BIG_ENDIAN else "<"
    explicit = syntax != _IMPLICIT and data[place + 4 : place + 6] in _REPRESENTATIONS
    if data[place : place + 2] == struct.pack(f"{order}H", _DIRECTORY):
        return _of_directory(data, place, explicit, order)
    return _elements(data, place, explicit, order)


def _of_directory(data: bytes, place: int, explicit: bool, order: str) -> dict[Tag, bytes]:
    """The first patient that the records of a DICOMDIR name (PS3.3, annex F)."""
    name = struct.pack(f"{order}2H", *_NAME) + (b"PN" if explicit else b"")
    while True:
        place = data.find(name, place)
        if place < 0:
            return {}
        found = _elements(data, place, explicit, order, strict=True)
        if _patient(found):
            return found
        place += 1


def _length(data: bytes, place: int) -> int:
    """How many bytes the elements of group 0002 take."""
    start = place
    for unused_number in range(_MOST):
        header = _header(data, place, True, "<")
        if header is None or header[0][0] != 2:
            break
        place = header[1] + header[2]
    return place - start


def _elements(data: bytes, place: int, explicit: bool, order: str, last: int = 0x12, strict: bool = False) -> dict[Tag, bytes]:
    """The values that tell about a patient; nothing where ``strict`` and no second element of the group is there."""
    found: dict[Tag, bytes] = {}
    before: Tag = (0, 0)
    of_patient = 0
    for unused_number in range(_MOST):
        header = _header(data, place, explicit, order)
        if header is None or header[0] <= before or header[0][0] > last:
            break
        before, place, length = header
        of_patient += before[0] == 0x10
        if length == _UNDEFINED:
            place = _after_sequence(data, place, order)
            if place < 0:
                break
            continue
        value = data[place : place + length] if length <= _LONGEST else b""
        if (before in _WANTED or before == _SYNTAX) and _is_text(value):
            found[before] = value
        place += length
    return {} if strict and of_patient < 2 else found


def _header(data: bytes, place: int, explicit: bool, order: str) -> tuple[Tag, int, int] | None:
    """The tag of an element, where its value begins, and how long that is."""
    if place + 8 > len(data):
        return None
    group, element = struct.unpack_from(f"{order}2H", data, place)
    if not explicit:
        return (group, element), place + 8, struct.unpack_from(f"{order}I", data, place + 4)[0]
    kind = data[place + 4 : place + 6]
    if kind not in _REPRESENTATIONS:
        return None
    if kind not in _LONG:
        return (group, element), place + 8, struct.unpack_from(f"{order}H", data, place + 6)[0]
    if place + 12 > len(data):
        return None
    return (group, element), place + 12, struct.unpack_from(f"{order}I", data, place + 8)[0]


def _after_sequence(data: bytes, place: int, order: str) -> int:
    """Where a sequence of undefined length ends; one inside of it that has its own end makes this come early, and nothing be found."""
    end = data.find(struct.pack(f"{order}2HI", 0xFFFE, 0xE0DD, 0), place, place + (64 << 10))
    return end + 8 if end >= 0 else -1


def _is_text(value: bytes) -> bool:
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f](?!\Z)", value)


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(data, _INFLATED)
    except zlib.error:
        return b""
