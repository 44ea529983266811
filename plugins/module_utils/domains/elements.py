# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What single elements of libvirt's XML say: texts, numbers and amounts of memory."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

# The units of libvirt, in KiB; what has none is in KiB already. Bytes are rounded down.
_UNITS = {
    "": 1024, "b": 1, "bytes": 1, "KB": 1000, "k": 1024, "KiB": 1024, "MB": 1000**2, "M": 1024**2, "MiB": 1024**2,
    "GB": 1000**3, "G": 1024**3, "GiB": 1024**3, "TB": 1000**4, "T": 1024**4, "TiB": 1024**4,
}  # fmt: skip


def text(root: Element, path: str) -> str:
    """The text of an element below, or nothing."""
    return (root.findtext(path) or "").strip()


def attribute(root: Element, path: str, name: str) -> str:
    """The attribute of an element below, or nothing."""
    element = root.find(path)
    return "" if element is None else element.get(name, "")


def switched_on(value: str | None) -> bool:
    return value in ("yes", "on")


def whole(value: str | None) -> int | None:
    """The number that a text is, or None; libvirt's have at most 20 digits, and -1 is one of them."""
    return int(value) if value and re.fullmatch(r"-?[0-9]{1,20}", value.strip()) else None


def kibibytes(element: Element | None) -> int | None:
    """An amount of memory in KiB."""
    amount = None if element is None else whole(element.text)
    unit = "" if element is None else element.get("unit", "")
    return None if amount is None or unit not in _UNITS else amount * _UNITS[unit] // 1024


def numbers(element: Element | None) -> dict[str, int]:
    """The children of an element that hold a number each, such as those of iotune, by their names."""
    found = ((child.tag, whole(child.text)) for child in (() if element is None else element))
    return {name: value for name, value in found if value is not None}
