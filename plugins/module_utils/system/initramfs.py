# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The names of the files in an initramfs: archives of cpio one after the other, each of which may be compressed.

The kernel's own documentation (driver-api/early-userspace/buffer-format) is the format. It is read here and not by the
system's lsinitramfs or lsinitrd: those are programs of the system, which a template may have made to say anything, and they
unpack the whole archive. What Python cannot decompress, programs of the machine do that looks.
"""

from __future__ import annotations

import bz2
import lzma
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Protocol

from ansible_collections.hygeia.golden.plugins.module_utils.util import places

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

_CPIO = (b"070701", b"070702")
_HEADER = re.compile(rb"07070[12][0-9A-Fa-f]{104}\Z")
_LAST = b"TRAILER!!!"
# An initramfs of a distribution has some thousand files and 300 MB; more than this no machine of ours boots with.
_MOST_FILES, _LONGEST_NAME, _MOST_BYTES = 200_000, 4096, 1 << 30
_MEMORY = 256 << 20
_PIECE = 64 * 1024
# What a machine has programs for, by the first bytes; each with its Debian package.
_PROGRAMS = {
    b"\x28\xb5\x2f\xfd": ("zstd", ["zstd", "-dcq", "--memory=256MB"]),
    b"\x02\x21\x4c\x18": ("lz4", ["lz4", "-dcq"]),
    b"\x04\x22\x4d\x18": ("lz4", ["lz4", "-dcq"]),
}


class NotRead(Exception):
    """Why the files are not known, as the end of a sentence."""


class _Decompressor(Protocol):
    """What lzma and bz2 have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib like the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max(max_length, 0))


_DECOMPRESSORS: dict[bytes, Callable[[], _Decompressor]] = {
    b"\x1f\x8b": _Gzip,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY),
    b"\x5d\x00\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY),
    b"BZh": bz2.BZ2Decompressor,
}


def names(host: Host, path: str) -> list[str]:
    """The paths of everything in an initramfs of a system."""
    handle = places.opened(host.root, path)
    if handle is None:
        raise NotRead(f"there is no {path}")
    with os.fdopen(handle, "rb") as file:
        try:
            return _all(file)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as problem:
            raise NotRead(f"{path} is damaged ({problem}): build it anew") from problem


def _all(file: IO[bytes]) -> list[str]:
    found: list[str] = []
    raw = _Stream(iter(lambda: file.read(_PIECE), b""))
    while raw.past_zeros():
        start = raw.peek(6)
        if start in _CPIO:
            found += _members(raw, _MOST_FILES - len(found))
            continue
        make = next((make for magic, make in _DECOMPRESSORS.items() if start.startswith(magic)), None)
        if make:
            inner = _Stream(_decompressed(raw, make()))
            while inner.past_zeros():
                found += _members(inner, _MOST_FILES - len(found))
        else:
            # Its program reads to the end, and the kernel's builders put nothing behind it.
            return found + _by_program(file, raw.position, start, _MOST_FILES - len(found))
    return found


def _decompressed(raw: _Stream, decompressor: _Decompressor) -> Iterator[bytes]:
    """The bytes of one compressed stretch, a piece at a time; what follows it is given back."""
    while not decompressor.eof:
        data = raw.some() if decompressor.needs_input else b""
        piece = decompressor.decompress(data, _PIECE)
        if piece:
            yield piece
        elif not data and not decompressor.eof:
            raise EOFError("it ends too early")
    raw.give_back(decompressor.unused_data)


def _by_program(file: IO[bytes], position: int, start: bytes, most: int) -> list[str]:
    package, command = next((made for magic, made in _PROGRAMS.items() if start.startswith(magic)), ("", []))
    program = shutil.which(command[0], path="/usr/local/bin:/usr/bin:/bin") if command else None
    if not command:
        raise NotRead("it is compressed in a way that is not known here")
    if program is None:
        raise NotRead(f"it is compressed by {package}, which is not installed where this runs: install the package {package}")
    os.lseek(file.fileno(), position, os.SEEK_SET)
    with subprocess.Popen([program, *command[1:]], stdin=file.fileno(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        try:
            out: IO[bytes] = running.stdout  # type: ignore[assignment]
            stream = _Stream(iter(lambda: out.read(_PIECE), b""))
            if not stream.past_zeros():
                raise EOFError("nothing comes out of it")
            return _members(stream, most)
        finally:
            running.kill()


def _members(stream: _Stream, most: int) -> list[str]:
    """The names of one archive, up to and without its last entry."""
    found: list[str] = []
    while True:
        header = stream.read(110)
        if not _HEADER.match(header):
            raise NotRead("it holds something else than an archive of cpio")
        size, length = int(header[54:62], 16), int(header[94:102], 16)
        if not 0 < length <= _LONGEST_NAME or len(found) > most:
            raise NotRead("it holds more, or longer names, than an initramfs has")
        name = stream.read(length).rstrip(b"\0")
        stream.skip(-(110 + length) % 4)
        if name == _LAST:
            return found
        stream.skip(size + -size % 4)
        found.append(name.decode("utf-8", "surrogateescape"))


class _Stream:
    """Bytes that come a piece at a time."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""
        self._come = 0

    @property
    def position(self) -> int:
        """How many bytes are taken."""
        return self._come - len(self._held)

    def some(self) -> bytes:
        """What is held, else the next piece; nothing at the end."""
        piece = self._held or self._next()
        self._held = b""
        return piece

    def give_back(self, data: bytes) -> None:
        self._held = data + self._held

    def peek(self, count: int) -> bytes:
        while len(self._held) < count:
            piece = self._next()
            if not piece:
                break
            self._held += piece
        return self._held[:count]

    def read(self, count: int) -> bytes:
        found = self.peek(count)
        if len(found) < count:
            raise EOFError("it ends too early")
        self._held = self._held[count:]
        return found

    def skip(self, count: int) -> None:
        while count > len(self._held):
            count -= len(self._held)
            self._held = self._next()
            if not self._held:
                raise EOFError("it ends too early")
        self._held = self._held[count:]

    def past_zeros(self) -> bool:
        """Go on to the next byte that is not zero; is there one?"""
        while True:
            self._held = self._held.lstrip(b"\0") or self._next()
            if not self._held or self._held[:1] != b"\0":
                return bool(self._held)

    def _next(self) -> bytes:
        piece = next(self._pieces, b"")
        self._come += len(piece)
        if self._come > _MOST_BYTES:
            raise NotRead("it unpacks to more than an initramfs has")
        return piece
