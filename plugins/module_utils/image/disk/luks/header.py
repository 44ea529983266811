# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The header of a LUKS container: how what it holds is encrypted, and where that begins.

LUKS1    one sector of fields, without a checksum
LUKS2    a sector of fields, and behind it a text in JSON, both under one checksum

See the LUKS On-Disk Format Specification, and that of LUKS2.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window

MAGIC = b"LUKS\xba\xbe"
# The longest header that LUKS2 has, and where its JSON begins.
LONGEST, JSON = 4 << 20, 4096
_CHECKSUM = slice(448, 512)
_CIPHER = re.compile(r"[a-z0-9_]{1,31}-[a-z0-9_]{1,31}(?:-[a-z0-9_:]{1,31})?", re.A)
_UUID = re.compile(r"[0-9a-fA-F-]{1,40}", re.A)
_SECTORS = (512, 1024, 2048, 4096)
_LARGEST = 1 << 60


@dataclass(frozen=True)
class Header:
    """What the kernel has to know, except the key: the cipher, where the encrypted bytes lie, and how they are counted."""

    version: int
    uuid: str
    cipher: str
    offset: int
    size: int
    sector: int = SECTOR
    first: int = 0


def read(window: Window) -> Header:
    """Look at a partition or volume that has the signature of LUKS."""
    magic, version = window.fields(">6sH", 0)
    if magic != MAGIC or version not in (1, 2):
        raise window.damaged("its header is none of LUKS1 or LUKS2")
    try:
        found = (_first if version == 1 else _second)(window)
    except (KeyError, TypeError, ValueError, UnicodeDecodeError, RecursionError) as problem:
        raise window.damaged("its LUKS header makes no sense") from problem
    if not _CIPHER.fullmatch(found.cipher):
        raise window.refused("is encrypted in a way that is not known", "encrypt the template with a cipher such as aes-xts-plain64")
    if not _UUID.fullmatch(found.uuid):
        raise window.damaged("its identifier is none")
    if found.size <= 0 or found.offset + found.size > window.size or found.sector not in _SECTORS:
        raise window.damaged("its LUKS header tells of a place behind its end")
    return found


def _first(window: Window) -> Header:
    name, mode, payload = window.fields(">32s32s32xI", 8)
    (uuid,) = window.fields(">40s", 168)
    offset = payload * SECTOR
    return Header(1, _text(uuid), f"{_text(name)}-{_text(mode)}", offset, (window.size - offset) // SECTOR * SECTOR)


def _second(window: Window) -> Header:
    (size,) = window.fields(">Q", 8)
    if not JSON < size <= LONGEST:
        raise window.damaged("its LUKS header is of no size that there is")
    whole = bytearray(window.read(0, size))
    algorithm, uuid = struct.unpack_from(">32s64s40s", whole, 72)[::2]
    checksum = bytes(whole[_CHECKSUM])
    whole[_CHECKSUM] = bytes(64)
    if _text(algorithm) not in ("sha256", "sha512") or not checksum.startswith(hashlib.new(_text(algorithm), whole).digest()):
        raise window.damaged("the checksum of its LUKS header is wrong")
    metadata = json.loads(whole[JSON:].split(b"\0", 1)[0].decode("utf-8"))
    wanted = list(metadata["config"].get("requirements", {}).get("mandatory", []))
    if any("reencrypt" in str(name) for name in wanted) or len(metadata["segments"]) > 1:
        raise window.refused("is being encrypted anew", "finish that with 'cryptsetup reencrypt --resume-only' in a running clone")
    if wanted:
        raise window.refused(
            f"has a LUKS header that requires {str(wanted[0])[:80]}, which is not known", "encrypt the template without it"
        )
    (segment,) = metadata["segments"].values()
    return _segment(window, segment, _text(uuid))


def _segment(window: Window, segment: dict[str, Any], uuid: str) -> Header:
    """The only stretch of a container of LUKS2, whose numbers are texts."""
    if segment["type"] != "crypt" or "integrity" in segment:
        raise window.refused("is a LUKS container with checksums of its sectors", "encrypt the template without 'cryptsetup --integrity'")
    offset, sector = _number(segment["offset"]), int(segment["sector_size"])
    size = window.size - offset if segment["size"] == "dynamic" else _number(segment["size"])
    if offset % SECTOR or sector not in _SECTORS:
        raise ValueError
    return Header(2, uuid, str(segment["encryption"]), offset, size // sector * sector, sector, _number(segment["iv_tweak"]))


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text, re.A) or int(text) > _LARGEST:
        raise ValueError
    return int(text)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii")
