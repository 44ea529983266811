# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When the keys of a keyring end (RFC 4880), read without gpg, which a small template does not have.

Nothing is verified here: that is the work of the program that trusts the keyring.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
from collections.abc import Iterator

_ARMOR = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[\w-]+:.*\r?\n)*\r?\n([A-Za-z0-9+/=\s]+?)(?:=[\w+/]{4}\s*)?-----END", re.S
)
_PUBLIC_KEY, _SUBKEY, _SIGNATURE = 6, 14, 2
# Signatures under a name of the key say how long it lives; those under the key itself mostly only name who may revoke it.
_NAMING, _DIRECT = (0x10, 0x11, 0x12, 0x13), 0x1F
_MADE, _LIFETIME, _ISSUER, _ISSUER_FINGERPRINT = 2, 9, 16, 33


def ends(data: bytes) -> list[int | None]:
    """When each key of a keyring ends, as seconds since 1970; None for one that does not end or is of an unknown version."""
    found, key = [], None
    with contextlib.suppress(IndexError):  # what was cut off says nothing more
        for tag, body in _packets(_binary(data)):
            if tag == _PUBLIC_KEY:
                key = _Key(body)
                found.append(key)
            elif tag == _SUBKEY:
                key = None  # what follows is about the subkey
            elif tag == _SIGNATURE and key:
                key.hear(body)
    return [key.end for key in found]


class _Key:
    """One key; the newest signature that it made over itself says how long it lives."""

    def __init__(self, body: bytes) -> None:
        self._made = int.from_bytes(body[1:5], "big") if body[:1] == b"\x04" else None
        self._name = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).digest()[-8:]
        self._heard, self._lifetime = -1, 0

    @property
    def end(self) -> int | None:
        return self._made + self._lifetime if self._made is not None and self._lifetime else None

    def hear(self, body: bytes) -> None:
        if body[:1] != b"\x04" or body[1] not in (*_NAMING, _DIRECT):
            return
        hashed = int.from_bytes(body[4:6], "big")
        said = dict(_subpackets(body[6 : 6 + hashed]))
        rest = body[6 + hashed :]
        issuers = {**dict(_subpackets(rest[2 : 2 + int.from_bytes(rest[:2], "big")])), **said}
        name = issuers.get(_ISSUER_FINGERPRINT, issuers.get(_ISSUER, b""))[-8:]
        made = int.from_bytes(said.get(_MADE, b""), "big")
        if name == self._name and made > self._heard and (body[1] in _NAMING or _LIFETIME in said):
            self._heard, self._lifetime = made, int.from_bytes(said.get(_LIFETIME, b""), "big")


def _binary(data: bytes) -> bytes:
    """A keyring without its armor."""
    blocks = _ARMOR.findall(data)
    try:
        return b"".join(base64.b64decode(b"".join(block.split())) for block in blocks) if blocks else data
    except binascii.Error:
        return b""


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each packet as (tag, body); what is cut off or no packet ends the list."""
    place = 0
    while place + 1 < len(data) and data[place] & 0x80:
        head, place = data[place], place + 1
        if head & 0x40:
            tag, (length, place) = head & 0x3F, _length(data, place)
        else:
            tag, size = (head >> 2) & 0x0F, 1 << (head & 3)
            length, place = int.from_bytes(data[place : place + size], "big"), place + size
        yield tag, data[place : place + length]
        place += length


def _subpackets(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(data):
        length, place = _length(data, place)
        if not length:
            return
        yield data[place] & 0x7F, data[place + 1 : place + length]
        place += length


def _length(data: bytes, place: int) -> tuple[int, int]:
    """A length of the new format and where what follows begins."""
    first = data[place]
    if first < 192:
        return first, place + 1
    if first < 255:
        return ((first - 192) << 8) + data[place + 1] + 192, place + 2
    return int.from_bytes(data[place + 1 : place + 5], "big"), place + 5
