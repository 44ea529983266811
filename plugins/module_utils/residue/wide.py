# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Text in UTF-16 (RFC 2781), as Windows, PowerShell and Excel write it, in either byte order, with its mark or without.

It is known by what no other text has: every second byte of a word is zero. Only where that is so are bytes decoded, to UTF-8, in which
the rules find a value as in any text, with the hash that it has there.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.residue.occurrences import occurrences
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Window

# How much is decoded before and behind a word; it is an even number.
AROUND = 1024
LITTLE, BIG = "utf-16-le", "utf-16-be"
_MARKS = {LITTLE: codecs.BOM_UTF16_LE, BIG: codecs.BOM_UTF16_BE}

# Bytes by what they may be in such a text: zero, a letter of ASCII, and all else.
_LETTER = b"\x01"
_CLASSES = bytes(1 if 32 <= byte < 127 or byte in b"\t\n\r" else 2 * bool(byte) for byte in range(256))
# As many letters in a row are no accident.
_WORD = _LETTER + b"\0\x01" * 5
_NO_LETTER, _NO_ZERO = re.compile(rb"[^\x01]"), re.compile(rb"[^\0]")
_ODD = re.compile("[^\t\n\r -~]")


@dataclass(frozen=True)
class Text:
    """What was decoded, as a window of its own, and where it begins in the file or on the disk."""

    window: Window
    start: int
    order: str
    # Whether nothing stands before it but the mark of its byte order.
    first: bool

    def offset(self, place: int) -> int:
        """Where in the file or on the disk stands what is at a place of the window."""
        return self.start + len(self.window.data[:place].decode().encode(self.order))


def texts(window: Window) -> Iterator[Text]:
    """All text in UTF-16 that a window has."""
    if b"\0" in window.data:
        for first, last in _stretches(window.data):
            for order in _orders(window.data, first, last):
                yield _decoded(window, order, first, last)


def _stretches(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the lower bytes of the first and of the last letter of a text stand; what is near to each other is one text."""
    begun: list[tuple[int, int] | None] = [None, None]  # by whether the place is an even one
    for first, last in _words(data.translate(_CLASSES)):
        before = begun[first % 2]
        if before and first - before[1] <= 2 * AROUND:
            first = before[0]
        elif before:
            yield before
        begun[first % 2] = first, last
    yield from filter(None, begun)


def _words(classes: bytes) -> Iterator[tuple[int, int]]:
    place = _next(classes, 0)
    if place is None:
        return
    halves = classes[0::2], classes[1::2]
    while place is not None:
        half, start = halves[place % 2], place // 2
        ended = _NO_LETTER.search(half, start)
        end = ended.start() if ended else len(half)
        # The zero behind each letter stands in the other half.
        others, shift = halves[1 - place % 2], place % 2
        broken = _NO_ZERO.search(others, start + shift, end + shift - 1)
        end = broken.start() - shift + 1 if broken else end
        last = 2 * (end - 1) + place % 2
        yield place, last
        place = _next(classes, last + 1)


def _next(classes: bytes, low: int) -> int | None:
    return next(occurrences(classes, _WORD, low, len(classes)), None)


def _decoded(window: Window, order: str, first: int, last: int) -> Text:
    if order == BIG:  # the zero of a letter is before it; without one, the first is no letter of the text
        first, last = first - 1 if first else 1, last - 1
    start = max(first - AROUND, first % 2)
    start += 2 * window.data.startswith(_MARKS[order], start)
    data = window.data[start : last + 2 + AROUND]
    data = data[: len(data) // 2 * 2]
    low, high = (len(_utf8(data[: max(0, edge - start + 1) // 2 * 2], order)) for edge in (window.low, window.high))
    alone = window.base == 0 and window.data[:start] in (b"", _MARKS[order])
    return Text(Window(_utf8(data, order), 0, low, high), window.base + start, order, alone)


def _orders(data: bytes, first: int, last: int) -> tuple[str, ...]:
    """In the wrong order, a letter beyond Latin-1 spoils its neighbour too, and a zero is missing at an end; where in doubt, both."""
    inside = {LITTLE: (first + 2, last), BIG: (first + 1, last - 1)}
    odd = {order: len(_ODD.findall(data[start:end].decode(order, "replace"))) for order, (start, end) in inside.items()}
    fits = {LITTLE: data[last + 1 : last + 2] == b"\0", BIG: data[max(0, first - 1) : first] == b"\0"}
    likely = min((LITTLE, BIG), key=lambda order: (odd[order], not fits[order]))
    return (likely,) if fits[likely] else (LITTLE, BIG)


def _utf8(data: bytes, order: str) -> bytes:
    return data.decode(order, "replace").encode()
