# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a text stands in bytes: asked from memmem(3), which is three times as fast as ``bytes.find`` is for the literals of rules."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator
from typing import Any

# A text of three bytes or fewer is found by ``bytes.find`` as fast.
_SHORT = 3
# The GNU C library jumps by a hash of each two bytes in a row: (second - first * 8) % 256, which is that of two zeros for some.
_SHIFT, _HASHES = 3, 256


def _of_the_c_library() -> Callable[..., Any] | None:
    try:
        function = ctypes.CDLL(None).memmem
    except (AttributeError, OSError, TypeError):
        return None
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    return function


_MEMMEM = _of_the_c_library()


def occurrences(data: bytes, text: bytes, low: int, high: int) -> Iterator[int]:
    """Each place from ``low`` up to ``high`` at which the text begins."""
    end = min(high + len(text) - 1, len(data))
    if _MEMMEM is None or len(text) <= _SHORT or _slow_over_zeros(text):
        yield from _by_python(data, text, low, end)
    else:
        yield from _by_memmem(_MEMMEM, data, text, low, end)


@functools.cache
def _slow_over_zeros(text: bytes) -> bool:
    """Would memmem stop at each zero, which binary files and disks are full of? It takes four times as long for such a text."""
    return any((second - (first << _SHIFT)) % _HASHES == 0 for first, second in zip(text, text[1:]))


def _by_python(data: bytes, text: bytes, low: int, end: int) -> Iterator[int]:
    place = data.find(text, low, end)
    while place >= 0:
        yield place
        place = data.find(text, place + 1, end)


def _by_memmem(memmem: Callable[..., Any], data: bytes, text: bytes, low: int, end: int) -> Iterator[int]:
    address = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
    while low < end:
        found = memmem(address + low, end - low, text, len(text))
        if not found:
            return
        yield found - address
        low = found - address + 1
