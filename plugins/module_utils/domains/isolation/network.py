# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a guest can pretend to be another one, and reach those on the same bridge."""

from __future__ import annotations

import fnmatch

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.devices import Interface
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unneeded

# Cards that are ports of a bridge of the host; and those through which no neighbour can be reached.
_PORTS = ("network", "bridge", "ethernet")
_ALONE = ("user", "null")
# Modes of macvtap in which the host itself passes nothing from one guest to another.
_APART = ("private", "passthrough")


def filters(guest: Definition, around: Surroundings) -> Answer:
    """A filter such as clean-traffic lets a guest send with its own addresses only (https://libvirt.org/formatnwfilter.html)."""
    found = _reaching(guest)
    if not found:
        return unneeded("it has no network card by which it reaches others")
    problems = [_unfiltered(card) for card in found if not _filtered(card, around)]
    observed = {card.mac: card.filter for card in found}
    remedy = "set a filterref to one of the filters"
    return judged(problems, {"filters": list(around.allowed.filters)}, observed, guest.read_from, remedy)


def _reaching(guest: Definition) -> list[Interface]:
    return [card for card in guest.interfaces if card.type not in _ALONE]


def _filtered(card: Interface, around: Surroundings) -> bool:
    return card.type in _PORTS and any(fnmatch.fnmatchcase(card.filter, pattern) for pattern in around.allowed.filters)


def _unfiltered(card: Interface) -> str:
    if card.type not in _PORTS:
        return f"{card.mac} is of the type {card.type}, which libvirt cannot filter"
    return f"{card.mac} has the filter {card.filter}" if card.filter else f"{card.mac} has no filter"


def ports(guest: Definition, around: Surroundings) -> Answer:
    """An isolated port of a bridge passes nothing to another isolated one."""
    found = _reaching(guest)
    if not found:
        return unneeded("it has no network card by which it reaches others")
    observed = {card.mac: _apart(card, around) for card in found}
    problems = [f"{mac} reaches the other guests of its bridge or card" for mac, apart in observed.items() if not apart]
    return judged(problems, {"isolated": True}, observed, guest.read_from, "set <port isolated='yes'/>")


def _apart(card: Interface, around: Surroundings) -> bool:
    network = around.networks.get(card.network)
    return card.isolated or (card.type == "direct" and card.mode in _APART) or (network is not None and network.isolated)
