# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which machine of an inventory another list means: by what is surest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.machine import Machine

# How a machine was recognised. The first ones are identities; the others are what people call it, and a guess.
BY_ID, BY_UUID, BY_MAC, BY_DNS = "the platform's id", "its UUID", "a MAC address", "its DNS name"
BY_TURNED, BY_NAME, BY_ADDRESS = "its UUID in the other byte order", "its name", "an address"
GUESSES = (BY_TURNED, BY_NAME, BY_ADDRESS)


@dataclass
class Match:
    """The machines that it could be, and how they were found; one is an answer, several are none."""

    machines: list[Machine] = field(default_factory=list)
    how: str = ""

    @property
    def one(self) -> Machine | None:
        return self.machines[0] if len(self.machines) == 1 else None


class Index:
    """Machines by everything that names them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], list[Machine]] = {}

    def add(self, added: Machine) -> None:
        for how, name in _names(added):
            known = self._known.setdefault((how, name), [])
            if not any(other is added for other in known):
                known.append(added)

    def of(self, other: Machine, apart_from: set[int]) -> Match:
        """The machine that ``other`` describes too, without those of these ids (of Python), which another row describes already."""
        return self._first(_names(other), apart_from)

    def named(self, text: str) -> Match:
        """The machine that a name, a DNS name, an address or an id in a list of flows means."""
        asked = [(BY_ID, text)]
        address = machine.addresses([text])
        if address:
            asked.append((BY_ADDRESS, address[0]))
        else:
            asked += [(BY_DNS, text.lower().rstrip(".")), (BY_NAME, machine.host_name(text))]
        return self._first(asked, set())

    def _first(self, asked: Iterable[tuple[str, str]], apart_from: set[int]) -> Match:
        several = Match()
        for how, name in asked:
            found = [each for each in self._known.get((how, name), ()) if id(each) not in apart_from]
            if len(found) == 1:
                return Match(found, how)
            if found and not several.machines:
                several = Match(found, how)
        return several


def _names(of: Machine) -> Iterator[tuple[str, str]]:
    yield BY_ID, of["id"]
    if of["uuid"]:
        yield BY_UUID, of["uuid"]
    yield from ((BY_MAC, address) for address in of["macs"])
    if of["dns_name"]:
        yield BY_DNS, of["dns_name"].lower().rstrip(".")
    if of["uuid"]:
        yield BY_TURNED, min(of["uuid"], machine.turned(of["uuid"]))
    yield BY_NAME, machine.host_name(of["name"])
    if of["dns_name"]:
        yield BY_NAME, machine.host_name(of["dns_name"])
    yield from ((BY_ADDRESS, address) for address in of["addresses"])
