# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A value of the registry: its type and its data, as what people write for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Union

from ansible_collections.hygeia.golden.plugins.module_utils.windows.text import utf16

# Registry value types (winnt.h).
NONE, SZ, EXPAND_SZ, BINARY, DWORD, DWORD_BIG_ENDIAN, LINK, MULTI_SZ = range(8)
QWORD = 11
NAMES = {
    NONE: "none",
    SZ: "sz",
    EXPAND_SZ: "expand_sz",
    BINARY: "binary",
    DWORD: "dword",
    DWORD_BIG_ENDIAN: "dword_big_endian",
    LINK: "link",
    MULTI_SZ: "multi_sz",
    QWORD: "qword",
}
_NUMBERS = {DWORD: "<I", DWORD_BIG_ENDIAN: ">I", QWORD: "<Q"}

Data = Union[int, str, "list[str]", bytes]


@dataclass(frozen=True)
class Value:
    name: str
    sort: int
    raw: bytes

    @property
    def type(self) -> str:
        return NAMES.get(self.sort, str(self.sort))

    @property
    def data(self) -> Data:
        """A number, a text, a list of texts, or bytes; what is too short for its type stays bytes."""
        layout = _NUMBERS.get(self.sort)
        if layout:
            size = struct.calcsize(layout)
            return int(struct.unpack_from(layout, self.raw)[0]) if len(self.raw) >= size else self.raw
        if self.sort in (SZ, EXPAND_SZ, LINK):
            return utf16(self.raw).partition("\0")[0]
        if self.sort == MULTI_SZ:
            return [text for text in utf16(self.raw).split("\0") if text]
        return self.raw

    @property
    def number(self) -> int | None:
        return self.data if isinstance(self.data, int) else None

    @property
    def text(self) -> str:
        """The text of a value, or an empty one where it is none."""
        return self.data if isinstance(self.data, str) else ""
