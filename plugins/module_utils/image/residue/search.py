# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching the raw bytes of a disk for many patterns at once, without reading what was never written.

Of the disk one word in several is looked up in a table of all words that the patterns hold at any place: a pattern
is long enough to cover one of them wherever it lies. So the time does not grow with the patterns.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import stored

WORD, CHUNK = 8, 4 << 20
# A pattern that is shorter would be found by chance, and slow the search down.
SHORTEST = 31


def search(handle: int, patterns: Iterable[bytes]) -> list[tuple[int, bytes]]:
    """All ``(offset, pattern)`` at which one of the patterns lies in an open file, sorted."""
    patterns = list(patterns)
    if not patterns:
        return []
    shortest, longest = min(map(len, patterns)), max(map(len, patterns))
    if shortest < SHORTEST:
        raise ValueError(f"a pattern needs {SHORTEST} bytes at least")
    words: dict[int, set[bytes]] = {}
    for pattern in patterns:
        for start in range(len(pattern) - WORD + 1):
            words.setdefault(int.from_bytes(pattern[start : start + WORD], _order()), set()).add(pattern)
    stride = (shortest - WORD + 1) // WORD
    found: set[tuple[int, bytes]] = set()
    for start, end in stored(handle, 0, os.lseek(handle, 0, os.SEEK_END)):
        for offset, chunk in _chunks(handle, start, end, longest):
            for pattern in _suspected(chunk, stride, words):
                found.update((offset + place, pattern) for place in _places(chunk, pattern))
    return sorted(found)


def _chunks(handle: int, start: int, end: int, longest: int) -> Iterator[tuple[int, bytes]]:
    """Pieces that overlap by what a pattern could reach from one into the next."""
    while start < end:
        wanted = min(CHUNK + longest, end - start)
        chunk = os.pread(handle, wanted, start)
        if not chunk:
            return
        yield start, chunk
        start += CHUNK if len(chunk) == wanted else len(chunk)


def _suspected(chunk: bytes, stride: int, words: dict[int, set[bytes]]) -> Collection[bytes]:
    """The patterns of which a word lies at one of the places that are looked at."""
    whole = memoryview(chunk)[: len(chunk) // WORD * WORD].cast("Q")[::stride]
    if words.keys().isdisjoint(whole):
        return ()
    return set().union(*(words[word] for word in words.keys() & set(whole)))


def _places(chunk: bytes, pattern: bytes) -> Iterator[int]:
    place = chunk.find(pattern)
    while place >= 0:
        yield place
        place = chunk.find(pattern, place + 1)


def _order() -> Literal["little", "big"]:
    return "little" if memoryview(b"\1" + bytes(7)).cast("Q")[0] == 1 else "big"
