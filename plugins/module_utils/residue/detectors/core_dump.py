# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Core dumps: the memory of a process, as ELF (ET_CORE of elf(5)) or compressed by systemd-coredump, which the archives look into."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_MAGIC, _CORE = b"\x7fELF", 4
_VALUE = 4096


def detect(data: bytes, place: int) -> Iterator[bytes]:
    if not data.startswith(_MAGIC, place) or len(data) < place + 20:
        return
    order = "<" if data[place + 5] == 1 else ">"
    if struct.unpack_from(f"{order}H", data, place + 16)[0] == _CORE:
        yield data[place : place + _VALUE]
