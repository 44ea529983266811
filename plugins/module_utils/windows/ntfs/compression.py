# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""LZNT1, in which NTFS keeps compressed files: chunks of 4096 bytes, of literals and of references back ([MS-XCA] 2.5)."""

from __future__ import annotations

import struct

_CHUNK = 4096


class BadCompression(Exception):
    """Bytes that nothing was compressed to."""


def decompressed(data: bytes, size: int) -> bytes:
    """What a compression unit holds, filled up with zeros to its size."""
    found, at = bytearray(), 0
    while at + 2 <= len(data) and len(found) < size:
        (head,) = struct.unpack_from("<H", data, at)
        if not head:
            break
        end = at + 3 + (head & 0xFFF)
        if end > len(data):
            raise BadCompression
        chunk = data[at + 2 : end]
        found += _chunk(chunk) if head & 0x8000 else chunk
        found += bytes(-len(found) % _CHUNK)
        at = end
    return bytes(found[:size]) + bytes(max(0, size - len(found)))


def _chunk(data: bytes) -> bytearray:
    found, at = bytearray(), 0
    while at < len(data):
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= len(data):
                break
            if not flags >> bit & 1:
                found.append(data[at])
                at += 1
                continue
            if at + 2 > len(data) or not found:
                raise BadCompression
            (token,) = struct.unpack_from("<H", data, at)
            at += 2
            _repeat(found, token)
            if len(found) > _CHUNK:
                raise BadCompression
    return found


def _repeat(found: bytearray, token: int) -> None:
    """The further a chunk has come, the more bits of a reference are the distance."""
    bits = max(4, (len(found) - 1).bit_length())
    back, length = (token >> (16 - bits)) + 1, (token & 0xFFFF >> bits) + 3
    if back > len(found):
        raise BadCompression
    if back >= length:
        start = len(found) - back
        found += found[start : start + length]
    else:  # what is repeated is not all there yet
        found += (found[-back:] * (length // back + 1))[:length]
