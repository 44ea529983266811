# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commands of virsh(1) that set bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.current import (
    DIRECTIONS,
    DISK,
    FILTER,
    INTERFACE,
    MEMORY,
    PROCESSORS,
    RATES,
    Bounds,
    Name,
    Value,
)
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute

_PARAMETERS = {"shares": "cpu_shares", "period": "vcpu_period", "quota": "vcpu_quota"}


@dataclass(frozen=True)
class Command:
    """The words after virsh, without the guest and without --live or --config."""

    words: tuple[str, ...]
    stdin: str | None = None


def commands(changes: Bounds, result: Bounds, guest: Definition) -> Iterator[Command]:
    """What sets the changes; ``result`` are all bounds afterwards, for some of them are set together."""
    scheduling = [f"{_PARAMETERS[name.bound]}={_number(value)}" for name, value in changes.items() if name.part == PROCESSORS]
    if scheduling:
        yield Command(("schedinfo", *(word for pair in scheduling for word in ("--set", pair))))
    limits = [f"--{name.bound.replace('_', '-')}={_number(value)}" for name, value in changes.items() if name.part == MEMORY]
    if limits:
        yield Command(("memtune", *limits))
    for disk in dict.fromkeys(name.device for name in changes if name.part == DISK):
        tuned = {name.bound: value for name, value in changes.items() if (name.part, name.device) == (DISK, disk)}
        yield Command(("blkdeviotune", f"--device={disk}", *(f"--{name.replace('_', '-')}={value}" for name, value in tuned.items())))
    for card in dict.fromkeys(name.device for name in changes if name.part == INTERFACE):
        yield from _of_card(card, changes, result, guest)


def _number(value: Value) -> Value:
    """No limit is -1 for a quota and for memory."""
    return value or -1


def _of_card(card: str, changes: Bounds, result: Bounds, guest: Definition) -> Iterator[Command]:
    changed = {name.bound for name in changes if (name.part, name.device) == (INTERFACE, card)}
    directions = [direction for direction in DIRECTIONS if any(name.startswith(f"{direction} ") for name in changed)]
    if directions:
        rates = [f"--{way}=" + ",".join(str(result.get(Name(INTERFACE, card, f"{way} {rate}"), 0)) for rate in RATES) for way in directions]
        yield Command(("domiftune", f"--interface={card}", *rates))
    if FILTER in changed:
        yield Command(("update-device", "--file=/dev/stdin"), _filtered(card, str(changes[Name(INTERFACE, card, FILTER)]), guest))


def _filtered(card: str, name: str, guest: Definition) -> str:
    """The network card as the guest has it, with another filter."""
    found = next(device for device in guest.all("devices/interface") if attribute(device, "mac", "address").lower() == card)
    copied = ElementTree.fromstring(ElementTree.tostring(found))
    for old in copied.findall("filterref"):
        copied.remove(old)
    if name:
        ElementTree.SubElement(copied, "filterref", {"filter": name})
    return ElementTree.tostring(copied, encoding="unicode")
