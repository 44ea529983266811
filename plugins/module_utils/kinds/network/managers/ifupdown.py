# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ifupdown, configured with ``accept_ra 0`` in each stanza for whose interface the kernel would take what routers advertise.

An interface whose only method is ``auto`` has a link-local address and no other afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.manager import (
    ADVERTISEMENTS,
    FORWARDING,
    Finding,
    Manager,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.network import ifupdown
from ansible_collections.hygeia.golden.plugins.module_utils.system.network.ifupdown import Stanza

_OURS = "    accept_ra 0\n"
# Commands of a stanza that tell the kernel what a sysctl control forbids.
_COMMANDS = {
    ADVERTISEMENTS: re.compile(r"accept_ra\b\s*=\s*[12]|[12]\W.*>\s*\S*/accept_ra\b", re.A),
    FORWARDING: re.compile(r"\b(ip_forward|forwarding)\b\s*=\s*1|1\W.*>\s*\S*/(ip_forward|forwarding)\b", re.A),
}
_DOES = {ADVERTISEMENTS: "take routes from whoever advertises them", FORWARDING: "pass packets on"}


class Ifupdown(Manager):
    unit = "networking.service"

    def changes(self, wanted: Settings, partial: bool) -> list[Change]:
        if ADVERTISEMENTS not in wanted and partial:
            return []
        found: list[Change] = []
        stanzas = ifupdown.stanzas(self.host)
        for path in dict.fromkeys(stanza.path for stanza in stanzas):
            text = self.host.read(path) or ""
            due = [stanza for stanza in stanzas if stanza.path == path and _due(stanza)]
            text = _with_option(text, due) if ADVERTISEMENTS in wanted else main_file.theirs(text)
            found += self.kind.edit(path, text, [ADVERTISEMENTS])
        return found

    def found(self, setting: str) -> Iterator[Finding]:
        for stanza in ifupdown.stanzas(self.host):
            place = f"{stanza.path}:{stanza.line.first}"
            if setting == ADVERTISEMENTS and stanza.advertised:
                yield Finding(place, f"{place} has ifupdown {_DOES[setting]}: add accept_ra 0")
            for option in stanza.options:
                if option.name in ifupdown.COMMANDS and _COMMANDS[setting].search(option.value):
                    place = f"{stanza.path}:{option.line.first}"
                    yield Finding(place, f"{place} runs a command that has {stanza.interface} {_DOES[setting]}: remove it")

    def keeps_an_address(self) -> bool:
        return any(stanza.keeps_an_address for stanza in ifupdown.stanzas(self.host))

    def reload(self, changes: list[Change]) -> None:
        """What ``ifup`` does of these stanzas, without taking the interface down."""
        for stanza in ifupdown.stanzas(self.host):
            key = f"/proc/sys/net/ipv6/conf/{stanza.interface}/accept_ra"
            if stanza.values("accept_ra")[:1] == ["0"] and self.host.exists(key):
                self.ran("sysctl", "-q", "-w", f"net/ipv6/conf/{stanza.interface}/accept_ra=0")
                self.ran("ip", "-6", "address", "flush", "dev", stanza.interface, "mngtmpaddr")
                self.ran("ip", "-6", "route", "flush", "dev", stanza.interface, "proto", "ra")


def _due(stanza: Stanza) -> bool:
    """Must a stanza be changed? One with a template has the template's word first."""
    return _otherwise(stanza) and not (stanza.inherited and _otherwise(stanza.inherited))


def _otherwise(stanza: Stanza) -> bool:
    """Does a stanza, or will one that has it for a template, say otherwise than ``accept_ra 0``?"""
    return stanza.advertised or (stanza.family == "inet6" and stanza.values("accept_ra")[:1] not in ([], ["0"]))


def _with_option(text: str, due: list[Stanza]) -> str:
    """The text of a file in which these of its stanzas say ``accept_ra 0``, from the last up, so that numbers of lines hold."""
    for stanza in reversed(due):
        own = [option.line for option in stanza.options if option.name == "accept_ra"]
        aside = [number for line in own for number in range(line.first, line.last + 1)]
        text = main_file.combined(text, _OURS, aside, after=stanza.line.last)
    return text
