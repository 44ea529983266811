# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bounds that a guest has, by name; what has no limit is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Union
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute, kibibytes, numbers, text, whole

PROCESSORS, MEMORY, DISK, INTERFACE = "processors", "memory", "disk", "interface"
SCHEDULING = ("shares", "period", "quota")
LIMITS = ("hard_limit", "soft_limit", "swap_hard_limit")
DIRECTIONS = ("inbound", "outbound")
RATES = ("average", "peak", "burst")
FILTER = "filter"
IO = tuple(
    f"{way}_{sort}_sec{most}" for sort in ("bytes", "iops") for way in ("total", "read", "write") for most in ("", "_max", "_max_length")
)
# What libvirt writes for memory without a limit, in KiB (VIR_DOMAIN_MEMORY_PARAM_UNLIMITED).
_UNLIMITED = 9007199254740991


class Name(NamedTuple):
    """What is bounded: a part of the guest, the device where it has several, and the name of the bound."""

    part: str
    device: str
    bound: str

    def __str__(self) -> str:
        return " ".join(filter(None, self))


Value = Union[int, str]
Bounds = dict[Name, Value]


def bounds(guest: Definition) -> Bounds:
    return dict(_all(guest))


def _all(guest: Definition) -> Iterator[tuple[Name, Value]]:
    tune = numbers(guest.root.find("cputune"))
    yield from ((Name(PROCESSORS, "", name), tune[name]) for name in SCHEDULING if tune.get(name, 0) > 0)
    for element in guest.all("memtune/*"):
        limit = kibibytes(element)
        if element.tag in LIMITS and limit is not None and 0 < limit < _UNLIMITED:
            yield Name(MEMORY, "", element.tag), limit
    for disk in guest.disks:
        yield from ((Name(DISK, disk.target, name), value) for name, value in disk.limits.items() if name in IO and value)
    for element in guest.all("devices/interface"):
        yield from _of_card(element)


def _of_card(element: Element) -> Iterator[tuple[Name, Value]]:
    card = attribute(element, "mac", "address").lower()
    for direction in DIRECTIONS:
        rates = element.find(f"bandwidth/{direction}")
        for rate in RATES if rates is not None else ():
            value = whole(rates.get(rate)) if rates is not None else None
            if value:
                yield Name(INTERFACE, card, f"{direction} {rate}"), value
    if attribute(element, "filterref", "filter"):
        yield Name(INTERFACE, card, FILTER), attribute(element, "filterref", "filter")


def memory(guest: Definition) -> int:
    """What the guest has now, in KiB."""
    return kibibytes(guest.root.find("currentMemory")) or guest.memory or 0


def processors(guest: Definition) -> int:
    """How many are switched on."""
    return whole(guest.attribute("vcpu", "current")) or whole(text(guest.root, "vcpu")) or 1
