# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is inside of compressed files and archives, read as streams, to a depth and an amount that have an end."""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, Protocol

from ansible_collections.hygeia.golden.plugins.module_utils.residue import cpio, journal, zstandard
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Read

DEPTH = 4
# How much may come out of one file: so many bytes in any case, and so many times its own size up to the most.
FREE, RATIO, MOST = 256 << 20, 100, 8 << 30
MEMBERS = 50_000
# An archive inside of another is held in memory where it is read from its end.
HELD = 128 << 20
_XZ_MEMORY = 256 << 20
_HEAD = 512
# Where in its first header a tar file says that it is one.
TAR_MARK = 257

# The names and the readers of what is inside: for a compressed file one entry without a name.
Entry = tuple[str, Read]
DAMAGED = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


class Capped(Exception):
    """Why no more of a file is looked into, as a part of a sentence."""


class Source(Protocol):
    """Bytes that can be read from their beginning on."""

    def read(self, size: int, /) -> bytes: ...


class Budget:
    """What may still come out of one file, whatever is nested in it."""

    def __init__(self, size: int) -> None:
        self.left = min(max(FREE, RATIO * size), MOST)
        self.members = MEMBERS

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise Capped("more comes out of it than its size explains, as of a decompression bomb")

    def enter(self) -> None:
        self.members -= 1
        if self.members < 0:
            raise Capped(f"more than {MEMBERS} files are in it")

    def spending(self, read: Read) -> Read:
        def spent(size: int) -> bytes:
            data = read(size)
            self.spend(len(data))
            return data

        return spent


class Peeked:
    """A stream of which the beginning is looked at before it is read."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.head = b""
        while len(self.head) < _HEAD:
            piece = read(_HEAD - len(self.head))
            if not piece:
                break
            self.head += piece
        self._unread = self.head

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            raise ValueError("a stream is read in pieces")
        if self._unread:
            data, self._unread = self._unread[:size], self._unread[size:]
            return data
        return self._read(size)


def form(head: bytes) -> str:
    """What kind of archive begins like this, or an empty string."""
    for name, marks in _MARKS.items():
        if head.startswith(marks):
            return name
    return "tar" if head[TAR_MARK : TAR_MARK + 5] == b"ustar" else ""


def entries(kind: str, stream: Source, seekable: IO[bytes] | None, budget: Budget) -> Iterator[Entry]:
    """Each part of an archive; it must be read before the next one is asked for."""
    for name, read in _READERS[kind](stream, seekable, budget):
        budget.enter()
        yield name, budget.spending(read)


def _gzip(stream: Source, unused_seekable: IO[bytes] | None, unused_budget: Budget) -> Iterator[Entry]:
    yield "", _decompressing(stream, _Inflate)


def _bzip2(stream: Source, unused_seekable: IO[bytes] | None, unused_budget: Budget) -> Iterator[Entry]:
    yield "", _decompressing(stream, bz2.BZ2Decompressor)


def _xz(stream: Source, unused_seekable: IO[bytes] | None, unused_budget: Budget) -> Iterator[Entry]:
    yield "", _decompressing(stream, lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY))


def _zstd(stream: Source, unused_seekable: IO[bytes] | None, unused_budget: Budget) -> Iterator[Entry]:
    with zstandard.reading(stream.read) as read:
        yield "", read


def _tar(stream: Source, unused_seekable: IO[bytes] | None, budget: Budget) -> Iterator[Entry]:
    with tarfile.open(fileobj=_File(_Spending(stream, budget)), mode="r|", errorlevel=0) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content:
                yield member.name, content.read


def _zip(stream: Source, seekable: IO[bytes] | None, budget: Budget) -> Iterator[Entry]:
    with zipfile.ZipFile(seekable or _held(stream)) as archive:
        for member in archive.infolist():
            if member.flag_bits & 1:
                raise Capped("what is in it is encrypted")
            if not member.is_dir():
                with archive.open(member) as content:
                    yield member.filename, content.read


def _cpio(stream: Source, unused_seekable: IO[bytes] | None, unused_budget: Budget) -> Iterator[Entry]:
    return cpio.entries(stream.read)


def _journal(stream: Source, unused_seekable: IO[bytes] | None, unused_budget: Budget) -> Iterator[Entry]:
    return journal.entries(stream.read)


def _held(stream: Source) -> IO[bytes]:
    content = io.BytesIO()
    for piece in iter(lambda: stream.read(1 << 20), b""):
        content.write(piece)
        if content.tell() > HELD:
            raise Capped(f"an archive in it is larger than {HELD >> 20} MiB and must be read from its end")
    content.seek(0)
    return content


class _File(io.RawIOBase):
    """A stream as the libraries of archives want it."""

    def __init__(self, stream: Source) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._stream.read(size)


class _Spending:
    """What a library reads over, such as files that nobody asks for, counts too."""

    def __init__(self, stream: Source, budget: Budget) -> None:
        self.read = budget.spending(stream.read)


def _decompressing(stream: Source, new: Callable[[], Any]) -> Read:
    """A reader of a compressed stream, or of several in a row; what is behind them does not count."""
    state: dict[str, Any] = {"decompressor": new(), "rest": b"", "begun": False}

    def read(size: int) -> bytes:
        while True:
            current = state["decompressor"]
            if current.eof:
                state["rest"] = current.unused_data or stream.read(1 << 16)
                if not state["rest"].strip(b"\0"):
                    return b""
                state["decompressor"], state["begun"] = new(), True
                continue
            given = b""
            if current.needs_input:
                given, state["rest"] = state["rest"] or stream.read(1 << 16), b""
                if not given:
                    return b""  # it is cut short
            try:
                data = current.decompress(given, size)
            except (OSError, lzma.LZMAError, zlib.error):
                if state["begun"]:
                    return b""
                raise
            if data:
                return data

    return read


class _Inflate:
    """zlib's decompressor of a gzip file, as those of bz2 and lzma are."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(31)
        self._left = b""

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._left

    def decompress(self, data: bytes, size: int) -> bytes:
        made = self._inflate.decompress(self._left + data, size)
        self._left = self._inflate.unconsumed_tail
        return made


_MARKS: Mapping[str, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b\x08",),
    "bzip2": (b"BZh1", b"BZh2", b"BZh3", b"BZh4", b"BZh5", b"BZh6", b"BZh7", b"BZh8", b"BZh9"),
    "xz": (b"\xfd7zXZ\0",),
    "zstd": (b"\x28\xb5\x2f\xfd",),
    "zip": (b"PK\x03\x04",),
    "cpio": (b"070701", b"070702"),
    "journal": (journal.SIGNATURE,),
}
# The first bytes of all of them, but for tar files, which begin with a name and have their mark behind it.
FIRST_BYTES = bytes({mark[0] for marks in _MARKS.values() for mark in marks})
_READERS: Mapping[str, Callable[[Source, IO[bytes] | None, Budget], Iterator[Entry]]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstd": _zstd,
    "zip": _zip,
    "tar": _tar,
    "cpio": _cpio,
    "journal": _journal,
}
