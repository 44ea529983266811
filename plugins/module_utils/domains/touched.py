# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a guest touches that another one could touch too: networks, bridges, pools, disks, directories and devices."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.devices import Disk, HostDevice, Interface
from ansible_collections.hygeia.golden.plugins.module_utils.domains.hypervisor import Hypervisor
from ansible_collections.hygeia.golden.plugins.module_utils.domains.pool import Pool

# One thing: its kind and name; ``place`` is its name for all hosts, and empty where only guests of this host can touch it.
Thing = dict[str, Any]

# Networks that stay on their host.
_WITHIN = ("", "nat")


def touched(guest: Definition, hypervisor: Hypervisor) -> list[Thing]:
    """Each thing once."""
    things: list[Thing] = []
    for thing in _things(guest, hypervisor):
        if thing not in things:
            things.append(thing)
    return things


def _things(guest: Definition, hypervisor: Hypervisor) -> Iterator[Thing]:
    for card in guest.interfaces:
        yield from _of_card(card, hypervisor)
    for disk in guest.disks:
        yield from _of_disk(disk, hypervisor)
    for place in guest.file_systems:
        yield _thing("directory", place.source, hypervisor.place(place.source))
    for memory in guest.all("devices/shmem"):
        yield _thing("memory", memory.get("name", ""))
    for device in guest.host_devices:
        yield from _of_device(device, hypervisor)


def _thing(kind: str, name: str, place: str = "", **more: Any) -> Thing:
    return {"kind": kind, "name": name, "place": place, **more}


def _of_card(card: Interface, hypervisor: Hypervisor) -> Iterator[Thing]:
    if card.network:
        network = hypervisor.libvirt.networks.get(card.network)
        out = network is None or network.forward not in _WITHIN
        yield _thing("network", card.network, card.network if out else "")
        bridge = card.bridge or (network.bridge if network else "")
        if bridge:
            yield _bridge(bridge, hypervisor, by=card.network)
    elif card.type == "bridge":
        yield _bridge(card.source, hypervisor)
    elif card.type == "direct":
        yield _thing("bridge", card.source, card.source)


def _bridge(name: str, hypervisor: Hypervisor, by: str = "") -> Thing:
    """``by`` is the network that leads to it."""
    return _thing("bridge", name, name if hypervisor.has_uplink(name) else "", by=by)


def _of_disk(disk: Disk, hypervisor: Hypervisor) -> Iterator[Thing]:
    """A file below an overlay is written by nobody, as long as no other guest has it as its disk."""
    if disk.source:
        yield from _storage(disk.source, disk, hypervisor, below=False)
    for source in disk.backing:
        yield from _storage(source, disk, hypervisor, below=True)


def _storage(source: str, disk: Disk, hypervisor: Hypervisor, below: bool) -> Iterator[Thing]:
    pools = hypervisor.libvirt.pools
    pool = next((pool for pool in pools if pool.name == disk.pool), None) if disk.pool and not below else _pool_of(source, pools)
    if disk.type == "volume" and not below:
        source = posixpath.join(pool.path if pool else disk.pool, source)
    if disk.device in ("disk", "lun") or not disk.read_only:
        yield _thing("disk", source, _place_of_disk(source, disk, pool, hypervisor), below=below)
    if pool and not below:
        yield _thing("pool", pool.name, pool.place or hypervisor.place(pool.path))


def _place_of_disk(source: str, disk: Disk, pool: Pool | None, hypervisor: Hypervisor) -> str:
    if disk.type == "network" or source.startswith(("/dev/disk/by-id/", "/dev/mapper/mpath")):
        return source
    if pool and pool.place and not pool.path.startswith("/"):
        return f"{pool.place}/{posixpath.basename(source)}"
    return hypervisor.place(source)


def _pool_of(source: str, pools: list[Pool]) -> Pool | None:
    within = [pool for pool in pools if pool.path.startswith("/") and source.startswith(f"{pool.path}/")]
    return max(within, key=lambda pool: len(pool.path), default=None)


def _of_device(device: HostDevice, hypervisor: Hypervisor) -> Iterator[Thing]:
    """Devices of one group reach each other's memory, and parts of one device are as separate as its firmware keeps them."""
    yield _thing("device", device.address)
    parent = hypervisor.parent(device.address) if device.type == "mdev" else ""
    if parent:
        yield _thing("device", parent)
    group = hypervisor.iommu_group(parent or device.address)
    if group:
        yield _thing("iommu_group", group)
