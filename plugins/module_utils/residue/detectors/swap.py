# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Swap space that holds memory of a system that ran, and images of hibernation (mkswap(8), kernel/power/swap.c)."""

from __future__ import annotations

from collections.abc import Iterator

# Where the signature stands, by the sizes of a page.
_PAGES = (4096, 8192, 16384, 65536)
_SIGNATURE, _HIBERNATED = b"SWAPSPACE2", b"S1SUSPEND\0"
_VERSION = (b"\1\0\0\0", b"\0\0\0\1")
_LOOKED_AT = 32 << 10


def hibernation(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of a signature at the end of the first page."""
    if data.startswith(_HIBERNATED, place) and _page(data, place):
        yield data[max(0, place - 512) : place + 10]


def used(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of the signature: is anything on the pages after the first?"""
    if data.startswith(_SIGNATURE, place) and _page(data, place) and data[place + 10 : place + 10 + _LOOKED_AT].strip(b"\0"):
        yield data[place + 10 : place + 10 + 4096]


def is_swap(head: bytes) -> bool:
    """Is a file, of which these are the first bytes, swap space?"""
    return any(head[page - 10 : page] == _SIGNATURE for page in _PAGES)


def _page(data: bytes, place: int) -> bool:
    """Does a page with the header of swap space, version 1, end here?"""
    starts = [place + 10 - page for page in _PAGES if place + 10 >= page]
    return any(data[start + 1024 : start + 1028] in _VERSION for start in starts)
