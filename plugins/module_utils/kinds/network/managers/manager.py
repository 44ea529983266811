# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each of the programs that set up a network can be asked, and how it is configured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

ADVERTISEMENTS, FORWARDING = "router_advertisements", "forwarding"


@dataclass(frozen=True)
class Finding:
    """Where a program is configured, or left by default, to do what nobody wants, and what to do about it."""

    place: str
    message: str


class Manager:
    """One of these programs, by the ``unit`` that starts it; ``kind`` is whose settings it serves."""

    unit = ""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.host = kind.host

    def found(self, setting: str) -> Iterator[Finding]:
        """Where it does what the setting forbids."""
        raise NotImplementedError(self.unit)

    def changes(self, wanted: Settings, partial: bool) -> list[Change]:
        """What makes it do as is wanted; without settings, what takes our own back."""
        raise NotImplementedError(self.unit)

    def keeps_an_address(self) -> bool:
        """Has this system an address by it, whatever routers advertise?"""
        raise NotImplementedError(self.unit)

    def reload(self, changes: list[Change]) -> None:
        """Have it do what the changed files say, and forget what a router advertised, without an end to other addresses."""
        raise NotImplementedError(self.unit)

    def ran(self, *argv: str) -> str:
        """What a command answers that has to succeed."""
        ran = self.host.run(list(argv))
        if not ran.ok:
            raise RuntimeError(f"{words_of(argv[0])[0]} did not put the changed files into force: {ran.error}")
        return ran.out
