# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An LVM physical volume: its label, its header, and the copies of its group's metadata, each with a checksum.

sector 0 to 3    label, with the header of the physical volume in the same sector
metadata area    a header of 512 bytes, and behind it a ring into which texts are written one after the other
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm import text

LABEL, TYPE, AREA = b"LABELONE", b"LVM2 001", b" LVM2 x[5A%r0N*>"
SECTORS = 4
# The places of one kind that a header tells of. LVM makes one data area, and up to two metadata areas.
MOST_PLACES = 8
# LVM makes metadata areas of 1 MiB; a text of so many bytes describes tens of thousands of volumes.
LONGEST = 8 << 20
_IGNORED = 1
_SEED = 0xF597A6CF


@dataclass(frozen=True)
class PhysicalVolume:
    """One physical volume: its identifier without dashes, where it lies, and the metadata of its group, newest first; often it has none."""

    identifier: str
    window: Window
    metadata: tuple[text.Section, ...] = ()


def checksum(data: bytes) -> int:
    """The CRC-32 of LVM, which begins with a number of its own and is not inverted."""
    return zlib.crc32(data, _SEED ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def read(window: Window) -> PhysicalVolume:
    """Look at a stretch of a disk that has the signature of a physical volume."""
    label = _label(window)
    identifier, (size,) = label[:32], struct.unpack_from("<Q", label, 32)
    if not (identifier.isalnum() and identifier.isascii()):
        raise window.damaged("its identifier is none")
    if size > window.size:
        raise window.refused(f"ends after {window.size} of its {size} bytes", "copy the template whole")
    unused_data, at = _places(window, label, 40)
    areas, unused_end = _places(window, label, at)
    found = [section for area in areas for section in _metadata(window, area)]
    return PhysicalVolume(identifier.decode("ascii"), window, tuple(found))


def _label(window: Window) -> bytes:
    """The header of the physical volume, up to the end of its sector."""
    for number in range(SECTORS):
        sector = window.read(number * SECTOR, SECTOR)
        name, place, crc, offset, kind = struct.unpack_from("<8sQII8s", sector)
        if name == LABEL and kind == TYPE:
            if crc != checksum(sector[20:]):
                raise window.damaged("the checksum of its label is wrong")
            if place != number or not 32 <= offset <= SECTOR - 40:
                raise window.damaged("its label belongs to another place")
            return sector[offset:]
    raise window.damaged("it has no label of LVM2")


def _places(window: Window, label: bytes, at: int) -> tuple[list[tuple[int, int]], int]:
    """A list of places in the header, as offset and size, and where the next one begins; zeros end it."""
    found: list[tuple[int, int]] = []
    while at + 16 <= len(label) and len(found) <= MOST_PLACES:
        offset, size = struct.unpack_from("<QQ", label, at)
        at += 16
        if not offset:
            return found, at
        if offset + size > window.size:
            raise window.damaged("its header tells of a place behind its end")
        found.append((offset, size))
    raise window.damaged("its header tells of more places than any")


def _metadata(window: Window, area: tuple[int, int]) -> Iterator[text.Section]:
    """The text that counts in a metadata area, if there is any."""
    at, size = area
    header = window.read(at, SECTOR)
    crc, magic, version, start, stated = struct.unpack_from("<I16sIQQ", header)
    if magic != AREA or version != 1:
        raise window.damaged("its metadata area has no header")
    if crc != checksum(header[4:]):
        raise window.damaged("the checksum of its metadata area is wrong")
    if (start, stated) != (at, size) or size <= SECTOR:
        raise window.damaged("its metadata area belongs to another place")
    offset, length, crc, flags = struct.unpack_from("<QQII", header, 40)
    if not length or flags & _IGNORED:
        return
    if not SECTOR <= offset < size or length > min(size - SECTOR, LONGEST):
        raise window.damaged("its metadata lie outside of their area")
    first = min(length, size - offset)
    raw = window.read(at + offset, first) + window.read(at + SECTOR, length - first)
    if crc != checksum(raw):
        raise window.damaged("the checksum of its metadata is wrong")
    try:
        yield text.parse(raw.rstrip(b"\0").decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise window.damaged("its metadata are no text") from problem
    except text.Malformed as problem:
        raise window.damaged(f"its metadata cannot be understood ({problem})") from problem
