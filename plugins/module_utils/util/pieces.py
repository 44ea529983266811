# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bytes on their way from a system to the controller: compressed, in Base64, and cut, since Ansible carries no text of any length."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

_PIECE = 1 << 20


class Damaged(ValueError):
    """Pieces that are not what was sent, with the reason."""


def packed(content: bytes) -> list[str]:
    text = base64.b64encode(zlib.compress(content, 6)).decode()
    return [text[place : place + _PIECE] for place in range(0, len(text), _PIECE)]


def unpacked(pieces: Sequence[str], largest: int) -> bytes:
    """The content, which may have been anybody's, and is never longer than ``largest``."""
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode("".join(pieces), validate=True), largest)
    except (TypeError, ValueError, zlib.error) as problem:
        raise Damaged("it is damaged") from problem
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise Damaged(f"it is cut off, or larger than {largest // 2**20} MiB")
    return content
