# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Archives of cpio in the new ASCII format, as an initramfs is one: several in a row, of which the later ones may be compressed."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Read

_MAGICS, _HEADER, _LAST = (b"070701", b"070702"), 110, b"TRAILER!!!"
_REGULAR, _TYPES = 0o100000, 0o170000
_LONGEST_NAME = 4096
# What follows the last archive has no name of its own.
REST = "the part that follows"


def entries(read: Read) -> Iterator[tuple[str, Read]]:
    stream = _Counted(read)
    while True:
        header = stream.exactly(_HEADER)
        if not header.startswith(_MAGICS):
            rest = header.lstrip(b"\0") or _after_padding(stream)
            if rest.startswith(_MAGICS):
                header = rest + stream.exactly(_HEADER - len(rest))
            else:
                if rest:
                    yield REST, _joined(rest, stream.read)
                return
        if len(header) < _HEADER:
            return
        try:
            mode, size, length = (int(header[place : place + 8], 16) for place in (14, 54, 94))
        except ValueError:
            return
        if not 0 < length <= _LONGEST_NAME:
            return
        name = stream.exactly(length + -(_HEADER + length) % 4).rstrip(b"\0")
        content = functools.partial(_part, stream, [size])
        if mode & _TYPES == _REGULAR and name != _LAST:
            yield name.decode("utf-8", "surrogateescape"), content
        while content(1 << 20):
            pass
        stream.exactly(-size % 4)


def _part(stream: _Counted, left: list[int], wanted: int) -> bytes:
    """The next bytes of a file of which so many are ``left``."""
    data = stream.read(min(wanted, left[0])) if left[0] else b""
    left[0] -= len(data)
    return data


def _after_padding(stream: _Counted) -> bytes:
    """What comes after zeros."""
    while True:
        piece = stream.read(512)
        if not piece or piece.strip(b"\0"):
            return piece.lstrip(b"\0")


def _joined(first: bytes, read: Read) -> Read:
    held = [first]

    def joined(size: int) -> bytes:
        if held[0]:
            data, held[0] = held[0][:size], held[0][size:]
            return data
        return read(size)

    return joined


class _Counted:
    """A stream that is read to a length."""

    def __init__(self, read: Read) -> None:
        self.read = read

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.read(size - len(data))
            if not piece:
                break
            data += piece
        return data
