# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""/etc/fstab as those programs read it that mount by it (fstab(5), getmntent(3)).

Three fields are a filesystem with default options; a type may be a list, and a device's name, a path or an option may
have characters as octal numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host


PATH = "/etc/fstab"

_WORD = r"[^ \t\r\n]+"
_LINE = re.compile(rf"^[ \t]*(?!#)(?P<source>{_WORD})[ \t]+(?P<where>{_WORD})[ \t]+(?P<type>{_WORD})(?:[ \t]+(?P<options>{_WORD}))?", re.M)
_TAG = re.compile(r'(\w+)="(.*)"', re.A)


@dataclass(frozen=True)
class Entry:
    """One filesystem of fstab, the line that it is in, and where in the text its options stand, or would stand."""

    number: int
    source: str
    where: str
    types: tuple[str, ...]
    options: tuple[str, ...]
    start: int
    end: int

    @property
    def place(self) -> str:
        return f"{PATH}:{self.number}"

    @property
    def automount(self) -> bool:
        """Is it mounted by who first looks at it? Then neither auto nor noauto counts (systemd.mount(5))."""
        return "x-systemd.automount" in self.options

    @property
    def at_boot(self) -> bool:
        """Does a boot mount it, or have it mounted when it is used? Of auto and noauto the last counts."""
        said = [option for option in self.options if option in ("auto", "noauto")]
        return self.automount or said[-1:] != ["noauto"]

    @property
    def bind(self) -> bool:
        """Is it a directory of another filesystem?"""
        return bool({"bind", "rbind"} & set(self.options))


def read(text: str) -> Iterator[Entry]:
    """Every entry of a text, in its order; of two for one mount point a boot uses the first."""
    for found in _LINE.finditer(text):
        options = found["options"]
        start, end = found.span("options") if options else (found.end("type"), found.end("type"))
        yield Entry(
            text.count("\n", 0, found.start()) + 1,
            _source(unquoted(found["source"])),
            canonical(unquoted(found["where"])),
            tuple(unquoted(found["type"]).split(",")),
            tuple(split(unquoted(options or ""))) or ("defaults",),
            start,
            end,
        )


def of(host: Host) -> list[Entry]:
    """Every entry of a host's own fstab."""
    return list(read(host.read(PATH) or ""))


def at(entries: Iterable[Entry], where: str) -> Entry | None:
    """The entry that a boot uses for a mount point, or None."""
    return next((entry for entry in entries if entry.where == where), None)


def unquoted(word: str) -> str:
    """A word of fstab or mountinfo, in which some characters are octal numbers."""
    raw = word.encode("utf-8", "surrogateescape")
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8) & 0xFF]), raw).decode("utf-8", "surrogateescape")


def quoted(word: str) -> str:
    """A word as fstab needs it."""
    return re.sub(r"[ \t\n\\]", lambda found: f"\\{ord(found[0]):03o}", word)


def split(options: str) -> list[str]:
    """Options of one text; a comma in double quotes, as SELinux's contexts have them, ends none."""
    return re.findall(r'(?:"[^"]*"?|[^,"])+', options)


def canonical(where: str) -> str:
    """A mount point as it is compared: single slashes, and none at its end."""
    return re.sub("/+", "/", where).rstrip("/") or "/" if where.startswith("/") else where


def _source(word: str) -> str:
    """A tag without the quotes that its value may have."""
    tag = _TAG.fullmatch(word)
    return f"{tag[1]}={tag[2]}" if tag else word
