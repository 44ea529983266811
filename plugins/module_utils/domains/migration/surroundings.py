# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a guest finds at the destination besides its disks: networks, secrets, memory and processors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains.devices import Interface
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import kibibytes
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.move import Move
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.side import Side
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unneeded

# What QEMU itself and each device need besides the memory of the guest, in KiB: a tenth of it, and a quarter of a GiB.
_PART, _FIXED = 10, 256 * 1024
# The large pages that a guest gets where it names no size.
_LARGE_PAGE = 2048


def networks(move: Move) -> Answer:
    cards = move.guest.interfaces
    if not cards:
        return unneeded("the guest has no network card")
    problems = [reason for card in cards for reason in _missing(card, move.destination)]
    expected = {card.mac: card.source for card in cards}
    lacking = [card.filter for card in cards if card.filter and card.filter not in move.destination.filters]
    problems += [f"the destination has no network filter {name}" for name in dict.fromkeys(lacking)]
    read_from = "virsh net-list, iface-mac and nwfilter-list"
    observed = {"networks": sorted(move.destination.networks)}
    return judged(dict.fromkeys(problems), expected, observed, read_from, "define and start them there by the same names")


def _missing(card: Interface, side: Side) -> Iterator[str]:
    if card.type == "network":
        if card.source not in side.networks:
            yield f"the destination has no active network {card.source}"
        elif card.portgroup and card.portgroup not in side.networks[card.source]:
            yield f"the network {card.source} of the destination has no port group {card.portgroup}"
    elif card.type in ("bridge", "direct") and not side.has_link(card.source):
        yield f"the destination has no {'bridge' if card.type == 'bridge' else 'network device'} {card.source}"


def secrets(move: Move) -> Answer:
    """Each by its UUID, or by what it is for; libvirt shows no value, so that a wrong one is found by the move only."""
    needed: dict[str, str] = {}
    for place in ("auth", "source/auth", "encryption", "source/encryption", "mirror/source/auth", "backingStore/source/auth"):
        for secret in move.guest.all(f"devices/disk/{place}/secret"):
            needed[secret.get("uuid", "") or secret.get("usage", "")] = "a disk"
    needed.update({encryption.get("secret", ""): "the TPM" for encryption in move.guest.all("devices/tpm/backend/encryption")})
    if not needed:
        return unneeded("the guest needs no secret")
    there = move.destination.secrets
    lacking = [name for name in needed if name not in there and not any(use.endswith(f" {name}") for use in there.values())]
    problems = [f"the destination has no secret {name}, which {needed[name]} of the guest needs" for name in lacking]
    return judged(
        problems, {"secrets": sorted(needed)}, {"secrets": sorted(there)}, "virsh secret-list", "define it there and set its value"
    )


def memory(move: Move) -> Answer:
    needed = move.guest.memory or 0
    large = move.guest.root.find("memoryBacking/hugepages")
    if large is not None:
        size = next(map(_page, large.findall("page")), _LARGE_PAGE)
        free = move.destination.pages.get(size, 0)
        observed = {"pages": free, "KiB each": size}
        short = free * size < needed
        problem = f"the destination has {free} free pages of {size} KiB, and the guest needs {-(-needed // size)}"
    else:
        free = move.destination.free
        observed = {"KiB": free}
        with_qemu = needed + needed // _PART + _FIXED
        short = free < with_qemu
        problem = f"the destination has {free} KiB of memory for guests, and this one needs {with_qemu} with its QEMU"
    remedy = "move other guests away, or choose another host"
    return judged([problem] if short else [], {"KiB": needed}, observed, "virsh nodememstats and freepages", remedy)


def _page(element: Element) -> int:
    """The size of pages in KiB; libvirt has it in attributes here."""
    size = Element("size", {"unit": element.get("unit", "")})
    size.text = element.get("size")
    return kibibytes(size) or _LARGE_PAGE


def topology(move: Move) -> Answer:
    """Processors and cells of memory to which the guest is bound."""
    guest = move.guest
    pinned = [
        *(
            ("processors", pin.get("cpuset", ""))
            for tag in ("vcpupin", "emulatorpin", "iothreadpin")
            for pin in guest.all(f"cputune/{tag}")
        ),
        ("processors", guest.attribute("vcpu", "cpuset")),
        *(("cells of memory", node.get("nodeset", "")) for tag in ("memory", "memnode") for node in guest.all(f"numatune/{tag}")),
    ]
    bound = [(what, numbers) for what, numbers in pinned if numbers]
    has = {"processors": move.destination.processors, "cells of memory": move.destination.cells}
    expected = {"pinned": [numbers for unused_what, numbers in bound], "processors": guest.processors or 1}
    problems = [
        f"the guest is bound to the {what} {numbers}, which the destination has not all"
        for what, numbers in bound
        if _ids(numbers) - has[what]
    ]
    if (guest.processors or 1) > len(has["processors"]):
        problems.append(f"the guest has {guest.processors} processors, and the destination {len(has['processors'])}")
    observed = {what: len(found) for what, found in has.items()}
    return judged(dict.fromkeys(problems), expected, observed, "virsh capabilities", "bind it to others first, or choose another host")


def _ids(numbers: str) -> set[int]:
    """What a set such as 0-3,^2,8 has (libvirt, formatdomain)."""
    found: set[int] = set()
    for part in numbers.split(","):
        match = re.fullmatch(r"\s*(\^?)([0-9]{1,6})(?:-([0-9]{1,6}))?\s*", part, re.A)
        if match:
            several = set(range(int(match[2]), min(int(match[3] or match[2]), 99999) + 1))
            found = found - several if match[1] else found | several
    return found
