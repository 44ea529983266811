# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading the file of a feed, compressed or not, whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zlib

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError

# A feed that unpacks to more than this is none.
_MOST = 2 * 2**30
_FETCH = "fetch it anew"
_OPENERS = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\x00": lzma.open, b"BZh": bz2.open}


def content(path):
    """What a file has, unpacked when it is compressed."""
    with open(path, "rb") as stream:
        start = stream.read(6)
    opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), open)
    try:
        with opener(path, "rb") as stream:
            data = stream.read(_MOST + 1)
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as problem:
        raise FeedError(f"is cut off or damaged ({problem}): {_FETCH}") from problem
    if len(data) > _MOST:
        raise FeedError(f"unpacks to more than {_MOST >> 30} GiB, which no such feed does: {_FETCH}")
    if not data.strip():
        raise FeedError(f"is empty: {_FETCH}")
    return data


def inflated(path):
    """What a file has that is compressed as zlib does it, without a header of gzip."""
    with open(path, "rb") as stream:
        packed = stream.read()
    if not packed:
        raise FeedError(f"is empty: {_FETCH}")
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, _MOST)
    except zlib.error as problem:
        raise FeedError(f"is damaged or no file of debsecan ({problem}): {_FETCH}") from problem
    if not unpacker.eof:
        raise FeedError(f"is cut off: {_FETCH}")
    return data


def document(data, shape):
    """JSON with this type at its top."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise FeedError(f"is cut off or no JSON ({problem}): {_FETCH}") from problem
    if not isinstance(found, shape):
        raise FeedError(f"is JSON of another form than this kind of feed has: {_FETCH}, or correct its kind")
    return found


def unlike(what):
    """That a feed is not of the form that its kind has."""
    return FeedError(f"has {what}, which this kind of feed never has: {_FETCH}, or correct its kind")


def nothing(what):
    """That a feed has none of what it is for."""
    return FeedError(f"has no {what} at all: {_FETCH}")
