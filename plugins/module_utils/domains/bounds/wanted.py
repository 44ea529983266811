# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bounds that a site asks for, resolved to the devices of one guest."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.current import (
    DIRECTIONS,
    DISK,
    FILTER,
    INTERFACE,
    IO,
    MEMORY,
    PROCESSORS,
    Bounds,
    Name,
)
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition

# A request as the module takes it.
Request = Mapping[str, Any]
# Drives of which the medium is what is bounded.
_STORAGE = ("disk", "lun")
# What the kernel accepts (sched(7), virsh(1)); a quota may be 0, which is none.
_RANGES = {"shares": (2, 262144), "period": (1000, 1000000)}


class BadRequest(Exception):
    """What cannot be asked for, as the end of a sentence."""


def wanted(request: Request, guest: Definition) -> Bounds:
    """Each bound that is asked for; one that is to be removed is 0, or empty. A later entry of a list counts before an earlier one."""
    found: Bounds = {}
    for part in (PROCESSORS, MEMORY):
        found.update({Name(part, "", name): _amount(part, value) for name, value in _said(request[part])})
    for entry in request["disks"]:
        for target in _matching(entry["target"], {disk.target: (disk.target,) for disk in guest.disks if disk.device in _STORAGE}, "disk"):
            found.update({Name(DISK, target, name): value for name, value in _said(entry) if name in IO})
    cards = {card.mac: (card.mac, card.source) for card in guest.interfaces}
    for entry in request["interfaces"]:
        for mac in _matching(entry["target"], cards, "network card"):
            found.update({Name(INTERFACE, mac, name): value for name, value in _of_card(entry)})
    _consistent(found)
    return found


def _said(entry: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in (entry or {}).items() if value is not None]


def _amount(part: str, value: int) -> int:
    """Memory is asked for in bytes, and libvirt has it in KiB; a quota below 0 is none."""
    return value // 1024 if part == MEMORY else max(value, 0)


def _of_card(entry: Mapping[str, Any]) -> Iterator[tuple[str, int | str]]:
    for direction in DIRECTIONS:
        yield from ((f"{direction} {rate}", value) for rate, value in _said(entry[direction]))
    if entry[FILTER] is not None:
        yield FILTER, entry[FILTER]


def _matching(pattern: str, devices: Mapping[str, Sequence[str]], kind: str) -> list[str]:
    """The devices of which one name matches; an asterisk alone may match none."""
    found = [device for device, names in devices.items() if any(fnmatch.fnmatchcase(name, pattern.lower()) for name in names)]
    if not found and pattern != "*":
        there = " and ".join(devices) or "none"
        raise BadRequest(f"it has no {kind} {pattern}, but {there}: correct the target")
    return found


def _consistent(found: Bounds) -> None:
    for name, value in found.items():
        least, most = _RANGES.get(name.bound, (0, 2**63 - 1)) if isinstance(value, int) else (0, 0)
        if isinstance(value, int) and not least <= value <= most:
            raise BadRequest(f"{name} is {value}, and must be from {least} to {most}")
        if name.part == DISK and name.bound.startswith("total_") and value:
            for way in ("read", "write"):
                other = Name(DISK, name.device, name.bound.replace("total", way, 1))
                if found.get(other):
                    raise BadRequest(f"{name} and {other.bound} exclude each other (virsh(1), blkdeviotune): set one of them to 0")
        if name.part == INTERFACE and name.bound.endswith((" peak", " burst")) and value:
            average = Name(INTERFACE, name.device, f"{name.bound.split()[0]} average")
            if not found.get(average):
                raise BadRequest(f"{name} needs an average too")
