# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fields of LVM's metadata, of which nothing is believed: each has the type that it must have, and numbers are bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.text import Section

# LVM counts extents in 32 bits, and sectors in 64 of which no disk needs nearly as many.
LARGEST = 1 << 48


class Unsound(ValueError):
    """Why metadata cannot be acted on, in a few words."""


@dataclass(frozen=True)
class Extents:
    """The extents of a physical volume: ``count`` of ``size`` bytes each, from ``start`` on."""

    window: Window
    start: int
    count: int
    size: int

    def stretch(self, first: int, count: int) -> Window:
        return self.window.part(self.start + first * self.size, count * self.size)


def number(section: Section, name: str, least: int = 0) -> int:
    value = section.get(name)
    if not isinstance(value, int) or not least <= value <= LARGEST:
        raise Unsound(f"{name} is not a number that can be")
    return value


def text(section: Section, name: str) -> str:
    value = section.get(name)
    if not isinstance(value, str) or not value or len(value) > 256:
        raise Unsound(f"{name} is not a text")
    return value


def words(section: Section, name: str) -> list[str]:
    """A list of flags, which one of them alone may be without brackets."""
    value = section.get(name, [])
    return [word for word in (value if isinstance(value, list) else [value]) if isinstance(word, str)]


def identifier(section: Section) -> str:
    """An identifier as the header of a physical volume has it."""
    plain = text(section, "id").replace("-", "")
    if not re.fullmatch(r"[0-9a-zA-Z]{32}", plain, re.A):
        raise Unsound("id is not an identifier")
    return plain


def sections(section: Section, name: str) -> Iterator[tuple[str, Section]]:
    """The sections in a section, which may be missing."""
    found = section.get(name, {})
    if not isinstance(found, dict):
        raise Unsound(f"{name} is not a section")
    for key, value in found.items():
        if not isinstance(value, dict):
            raise Unsound(f"{key[:80]} in {name} is not a section")
        yield key, value
