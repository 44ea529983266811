# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Databases of SQLite with a table of patients that has rows (the file format of SQLite, version 3)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.residue.detectors.table import TABLE, of_patients

_MAGIC = b"SQLite format 3\0"
_TABLE = re.compile(rb"CREATE TABLE\s+[\"`\[]?(?P<name>\w+)[\"`\]]?\s*\((?P<columns>[^\0]{1,8000})", re.I)
_NAME = re.compile(TABLE, re.I)
_CONSTRAINTS = re.compile(r"(?i)\s*(?:primary|foreign|unique|check|constraint)\b")
_HEADER, _LEAF, _INTERIOR = 100, 0x0D, 0x05


def detect(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is the beginning of a database, of which the schema comes first."""
    if not data.startswith(_MAGIC, place) or len(data) < place + _HEADER:
        return
    (page,) = struct.unpack_from(">H", data, place + 16)
    page = 65536 if page == 1 else page
    for found in _TABLE.finditer(data, place, place + (1 << 20)):
        names = [column.strip().strip('"`[]').split(" ")[0].strip('"`[]') for column in _columns(found["columns"])]
        if (_NAME.fullmatch(found["name"]) or of_patients(names)) and _filled(data, place, page, found.start()):
            yield found["name"] + data[found.start() : found.start() + 200]


def _columns(text: bytes) -> list[str]:
    """The definitions of the columns, as far as the closing bracket."""
    depth, parts = 1, [""]
    for sign in text.decode("latin-1"):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            break
        if sign == "," and depth == 1:
            parts.append("")
        else:
            parts[-1] += sign
    return [part for part in parts if not _CONSTRAINTS.match(part)]


def _filled(data: bytes, start: int, page: int, statement: int) -> bool:
    """Has the table rows? Its first page is named just before the statement that makes it, and may lie beyond what is here."""
    root = data[statement - 1]
    if page < 512 or page & (page - 1) or not 2 <= root < 128:
        return True
    place = start + (root - 1) * page
    if place + 8 > len(data) or data[place] not in (_LEAF, _INTERIOR):
        return True
    return data[place] == _INTERIOR or struct.unpack_from(">H", data, place + 3)[0] > 0
