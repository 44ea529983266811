# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading the file of a feed, compressed or not, whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, MalformedEntry

# A feed that unpacks to more than this is none, nor is one that shrinks to less than a part in so many once it is of some size.
MOST, _RATIO, _SMALL = 768 * 2**20, 250, 4 * 2**20
# Things in one JSON document, by the signs between them: each costs far more memory than it has bytes.
_MOST_THINGS = 16_000_000
_BLOCK = 2**20
_FETCH = "download it again"
_OPENERS: dict[bytes, Callable[[Any], Any]] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\x00": lzma.open, b"BZh": bz2.open}
Shape = TypeVar("Shape")
# What a parser raises where an entry is not as it should be.
ODD = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def content(path: str) -> bytearray:
    """What a file has, unpacked when it is compressed."""
    try:
        with open(path, "rb") as packed:
            start = packed.read(6)
            packed.seek(0)
            opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)
            stream = opener(packed) if opener else packed
            data = _whole(iter(lambda: stream.read(_BLOCK), b""), packed.tell if opener else None)
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as problem:
        raise FeedError(f"is cut off or damaged ({problem}): {_FETCH}") from problem
    except OSError as problem:
        if problem.errno is not None:
            raise
        raise FeedError(f"is cut off or damaged ({problem}): {_FETCH}") from problem
    if not data or data.isspace():
        raise FeedError(f"is empty: {_FETCH}")
    return data


def inflated(path: str) -> bytearray:
    """What a file has that is compressed as zlib does it, without a header of gzip."""
    with open(path, "rb") as stream:
        packed = _whole(iter(lambda: stream.read(_BLOCK), b""), None)
    if not packed:
        raise FeedError(f"is empty: {_FETCH}")
    unpacker = zlib.decompressobj()
    try:
        data = _whole(_inflating(unpacker, packed), lambda: len(packed))
    except zlib.error as problem:
        raise FeedError(f"is damaged or no file of debsecan ({problem}): {_FETCH}") from problem
    if not unpacker.eof:
        raise FeedError(f"is cut off: {_FETCH}")
    return data


def _inflating(unpacker: Any, packed: bytes | bytearray) -> Iterator[bytes]:
    while packed and not unpacker.eof:
        yield unpacker.decompress(packed, _BLOCK)
        packed = unpacker.unconsumed_tail


def _whole(blocks: Iterable[bytes], packed: Callable[[], int] | None) -> bytearray:
    """Blocks joined, as long as they are no bomb; ``packed`` tells from how much they come, where they are unpacked."""
    data = bytearray()
    for block in blocks:
        data += block
        demand_no_bomb(len(data), packed() if packed else None)
    return data


def demand_no_bomb(size: int, packed: int | None) -> None:
    """Refuse what is, or unpacks to, more than any feed."""
    if size > MOST:
        raise FeedError(f"holds more than {MOST >> 20} MiB, which no such feed does: {_FETCH}")
    if packed is not None and size > _SMALL and size > packed * _RATIO:
        raise FeedError(f"unpacks to more than {_RATIO} times its size, which no such feed does: {_FETCH}")


def text(data: bytes | bytearray) -> str:
    """Bytes as text."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise unlike(f"text that is not UTF-8 in line {data[: problem.start].count(10) + 1}") from problem


def document(data: bytes | bytearray, shape: type[Shape]) -> Shape:
    """JSON with this type at its top."""
    found = loaded(data)
    if not isinstance(found, shape):
        raise FeedError(f"is JSON of another form than this kind of feed has: {_FETCH}, or correct its kind")
    return found


def loaded(data: bytes | bytearray) -> Any:
    """JSON, which has no numbers that are none."""
    if sum(map(data.count, (b",", b"[", b"{"))) > _MOST_THINGS:
        raise FeedError(f"has more than {_MOST_THINGS} values, which no such feed has: {_FETCH}")
    try:
        return json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise FeedError(f"is cut off or not JSON ({problem}): {_FETCH}") from problem


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def odd(entry: str, problem: Exception) -> FeedError:
    """That an entry is not of the form that its kind has; ``problem`` is one of ODD."""
    why = (
        f" without {problem}"
        if isinstance(problem, KeyError)
        else f" that cannot be read ({problem})"
        if isinstance(problem, MalformedEntry)
        else " of another form"
    )
    return unlike(f"{entry}{why}")


def unlike(what: str) -> FeedError:
    """That a feed is not of the form that its kind has."""
    return FeedError(f"has {what}, which this kind of feed never has: {_FETCH}, or correct its kind")


def nothing(what: str) -> FeedError:
    """That a feed has none of what it is for."""
    return FeedError(f"has no {what} at all: {_FETCH}")
