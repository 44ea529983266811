# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Texts of Windows: UTF-16 of any bytes, and names that are the same in whichever case."""

from __future__ import annotations


def utf16(data: bytes) -> str:
    """A text of any bytes; half of a character stays what it is, and is spelt out where it is shown."""
    return data[: len(data) & ~1].decode("utf-16-le", "surrogatepass")


def latin(data: bytes) -> str:
    """A name whose characters have one byte each."""
    return data.decode("latin-1")


def folded(name: str) -> str:
    """One spelling for names that Windows takes for the same: characters change their case one by one."""
    upper = name.upper()
    return upper if len(upper) == len(name) else "".join(each.upper() if len(each.upper()) == 1 else each for each in name)
