# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A tar archive, read in place: where each of its files lies."""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window

MAGIC, MAGIC_AT = b"ustar", 257
# An OVA holds a description, a manifest, a certificate, and a few disks.
_MOST_FILES = 64
_LONGEST = 64 << 10
_PLAIN, _MORE, _FOR_ALL, _LONG_NAME = (b"0", b"\0"), b"x", b"g", b"L"
_CURE = "make it anew as the OVF specification says, of plain files"


def files(archive: Window) -> dict[str, Window]:
    """The files of an archive by name, in its order; whatever else it holds is refused."""
    found: dict[str, Window] = {}
    at = 0
    more: dict[str, str] = {}
    while at < archive.size:
        header = archive.read(at, SECTOR)
        if not header.strip(b"\0"):
            break
        _require_sound(archive, header)
        kind, size = header[156:157], _number(archive, header[124:136])
        if kind in _PLAIN and "size" in more:
            size = _decimal(archive, more["size"])
        content = archive.part(at + SECTOR, size)
        at += SECTOR + -(-size // SECTOR) * SECTOR
        if at > archive.size or len(found) >= _MOST_FILES:
            raise archive.damaged("it ends before the last of its files, or holds more than an OVA does")
        if kind in (_MORE, _FOR_ALL, _LONG_NAME):
            more.update(_described_before(archive, kind, content))
            continue
        name = _name(archive, os.fsencode(more["path"]) if "path" in more else _short_name(header), kind)
        if name in found:
            raise archive.refused(f"holds {name} twice", _CURE)
        found[name], more = content, {}
    return found


def _require_sound(archive: Window, header: bytes) -> None:
    if not header.startswith(MAGIC, MAGIC_AT) or sum(header[:148] + b" " * 8 + header[156:]) != _number(archive, header[148:156]):
        raise archive.damaged("the checksum of one of its headers is wrong")


def _number(archive: Window, field: bytes) -> int:
    """A number in octal digits, or in bytes where it is too long for these."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0") or b"0"
    if not re.fullmatch(rb"[0-7]+", digits):
        raise archive.damaged("a number in one of its headers is none")
    return int(digits, 8)


def _decimal(archive: Window, digits: str) -> int:
    if not re.fullmatch(r"\d{1,18}", digits, re.A):
        raise archive.damaged("a number in one of its headers is none")
    return int(digits)


def _described_before(archive: Window, kind: bytes, content: Window) -> dict[str, str]:
    """What is said of the file that follows: in lines of "LENGTH KEY=VALUE", or as a name alone."""
    if content.size > _LONGEST:
        raise archive.damaged("one of its headers is longer than any")
    text = content.read(0, content.size)
    if kind == _LONG_NAME:
        return {"path": os.fsdecode(text.rstrip(b"\0"))}
    headers = {}
    while text:
        length, unused_blank, unused_rest = text.partition(b" ")
        if not re.fullmatch(rb"\d{1,6}", length) or not 0 < int(length) <= len(text):
            raise archive.damaged("one of its headers is none")
        key, unused_is, value = text[len(length) + 1 : int(length)].rstrip(b"\n").partition(b"=")
        headers[os.fsdecode(key)] = os.fsdecode(value)
        text = text[int(length) :]
    if any(key.startswith("GNU.sparse") for key in headers):
        raise archive.refused("holds a file with holes that are not there", _CURE)
    return {key: value for key, value in headers.items() if key in ("path", "size")}


def _short_name(header: bytes) -> bytes:
    name, prefix = header[:100].split(b"\0")[0], header[345:500].split(b"\0")[0]
    return prefix + b"/" + name if header[257:263] == b"ustar\0" and prefix else name


def _name(archive: Window, encoded: bytes, kind: bytes) -> str:
    name = os.fsdecode(encoded)
    name = name[2:] if name.startswith("./") else name
    if kind not in _PLAIN:
        raise archive.refused(f"holds {name}, which is not a regular file", _CURE)
    if not name or "/" in name or "\\" in name or "\0" in name or name in (".", ".."):
        raise archive.refused(f"holds {name}, which is not in its own directory", _CURE)
    return name
