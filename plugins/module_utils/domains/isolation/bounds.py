# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What bounds how much of its host a guest can take from its neighbours: processors, memory, disks and network cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.devices import Disk, Interface
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import kibibytes, numbers, text
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, passed, unneeded

DIRECTIONS = ("inbound", "outbound")
_STORAGE = ("disk", "lun")
# Cards for which libvirt sets no bandwidth.
_UNBOUNDABLE = ("hostdev", "vhostuser", "vdpa", "user", "mcast", "server", "client", "udp", "null")


def processors(guest: Definition, unused_around: Surroundings) -> Answer:
    """Shares only weigh guests against each other; a quota or pinning bounds one."""
    tune = numbers(guest.root.find("cputune"))
    observed: dict[str, object] = {name: tune[name] for name in ("shares", "quota", "global_quota") if name in tune}
    pinned = {pin.get("vcpu") for pin in guest.all("cputune/vcpupin")}
    if guest.attribute("vcpu", "cpuset"):
        observed["cpuset"] = guest.attribute("vcpu", "cpuset")
    if pinned:
        observed["vcpupin"] = len(pinned)
    bounded = (
        any(tune.get(name, 0) > 0 for name in ("quota", "global_quota"))
        or "cpuset" in observed
        or (guest.processors is not None and 0 < guest.processors <= len(pinned))
    )
    problems = [] if bounded else ["it can take every processor of its host"]
    return judged(problems, {"one of": ["quota", "global_quota", "vcpupin", "cpuset"]}, observed, guest.read_from, "set a quota in cputune")


def memory(guest: Definition, unused_around: Surroundings) -> Answer:
    """A guest has the memory of its definition; only one that locks it needs a limit too, as libvirt's manual says."""
    tune = {element.tag: kibibytes(element) for element in guest.all("memtune/*")}
    observed = {"memory": guest.memory, **tune, "locked": guest.has("memoryBacking/locked")}
    problems = [] if guest.memory else ["its memory is not set"]
    if observed["locked"] and not tune.get("hard_limit"):
        problems.append("it locks its memory without a hard_limit, so that it can lock all of its host's")
    return judged(problems, {"memory": "set", "hard_limit": "set if locked"}, observed, guest.read_from, "set hard_limit in memtune")


def pages(guest: Definition, around: Surroundings) -> Answer:
    """Memory that is merged with a neighbour's tells by its speed what the neighbour has in it."""
    kept = guest.has("memoryBacking/nosharepages")
    expected = {"nosharepages": True}
    if not kept and around.pages_merged is False:
        return passed(expected, {"nosharepages": False, "ksm": False}, "/sys/kernel/mm/ksm/run", "its hypervisor merges no pages")
    problems = [] if kept else ["its pages may be merged with those of its neighbours"]
    return judged(problems, expected, {"nosharepages": kept}, guest.read_from, "set nosharepages in memoryBacking, or turn KSM off")


def disks(guest: Definition, unused_around: Surroundings) -> Answer:
    found = [disk for disk in guest.disks if disk.device in _STORAGE]
    if not found:
        return unneeded("it has no disk")
    tuned = {text(device, "path"): numbers(device) for device in guest.all("blkiotune/device")}
    unbounded = [disk.target for disk in found if not _bounded(disk.limits) and not _bounded(_of_host(tuned, disk))]
    observed = {disk.target: dict(disk.limits) or _of_host(tuned, disk) for disk in found}
    problems = [f"{target} has no limit" for target in unbounded]
    return judged(problems, {"iotune": "set"}, observed, guest.read_from, "set total_bytes_sec or total_iops_sec in iotune")


def _bounded(limits: Mapping[str, int]) -> bool:
    """Are all bytes, or all operations, bounded?"""
    return any(
        limits.get(f"total_{sort}_sec", 0) > 0 or (limits.get(f"read_{sort}_sec", 0) > 0 and limits.get(f"write_{sort}_sec", 0) > 0)
        for sort in ("bytes", "iops")
    )


def _of_host(tuned: Mapping[str, dict[str, int]], disk: Disk) -> dict[str, int]:
    return tuned.get(disk.source, {}) if disk.type == "block" else {}


def bandwidth(guest: Definition, around: Surroundings) -> Answer:
    if not guest.interfaces:
        return unneeded("it has no network card")
    problems = [sentence for card in guest.interfaces for sentence in _unlimited(card, around)]
    observed = {card.mac: dict(card.limits) for card in guest.interfaces}
    return judged(problems, {"bandwidth": list(DIRECTIONS)}, observed, guest.read_from, "set inbound and outbound in bandwidth")


def _unlimited(card: Interface, around: Surroundings) -> Iterator[str]:
    """A port group of the network bounds each of its cards too."""
    if card.type in _UNBOUNDABLE:
        yield f"{card.mac} is of the type {card.type}, which libvirt cannot limit"
        return
    network = around.networks.get(card.network)
    of_group = network.portgroups.get(card.portgroup, frozenset()) if network else frozenset()
    missing = [direction for direction in DIRECTIONS if not card.limits.get(direction) and direction not in of_group]
    if missing:
        yield f"{card.mac} has no limit {' and '.join(missing)}"
