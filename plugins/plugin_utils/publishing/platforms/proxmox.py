# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates of Proxmox VE: their notes have the labels, and the devices are those of qm.conf(5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.found import Listed

# The tag of what this collection made; PVE allows no period at the front, and few others.
TAG = "hygeia-golden"
_FIRMWARE = {"bios": "seabios", "uefi": "ovmf"}
_BUSES = {"virtio-scsi": "scsi", "virtio-blk": "virtio", "ahci": "sata"}
_CARDS = {"virtio-net": "virtio", "e1000e": "e1000e"}
_SCSI = ("virtio-scsi-pci", "virtio-scsi-single")
_LABEL = re.compile(r"^(hygeia_[a-z0-9]+): (\S+)$", re.A | re.M)
# A linked clone, such as local-lvm:base-100-disk-0/vm-101-disk-0, or local:100/base-100-disk-0.qcow2/101/vm-101-disk-0.qcow2.
_BASE = re.compile(r"\bbase-([0-9]+)-disk-[^/,]*/", re.A)
_DRIVE = re.compile(r"(scsi|virtio|sata|ide|efidisk|tpmstate)[0-9]+", re.A)


def settings(machine: Mapping[str, Any]) -> dict[str, str]:
    """What a virtual machine with these devices has in its configuration."""
    bus = _BUSES[machine["disk"]]
    found = {
        "bios": _FIRMWARE[machine["firmware"]],
        "bus": bus,
        "card": _CARDS[machine["network"]],
        "agent": f"enabled={int(machine['agent'])}",
    }
    return {**found, "scsihw": _SCSI[0]} if bus == "scsi" else found


def listed(machines: Iterable[Mapping[str, Any]]) -> Iterator[Listed]:
    """What community.proxmox.proxmox_vm_info returned, with the configuration of each."""
    everything = list(machines)
    users: dict[str, list[str]] = {}
    for one in everything:
        for base in _bases(one.get("config") or {}):
            users.setdefault(base, []).append(f"virtual machine {one['vmid']}")
    for one in everything:
        config, number = one.get("config") or {}, str(one["vmid"])
        yield Listed(
            id=number,
            name=str(one.get("name") or ""),
            labels=dict(_LABEL.findall(str(config.get("description") or ""))),
            machine=_machine(config),
            made=_made(config, int(one["vmid"])),
            marked=TAG in re.split("[;, ]", str(config.get("tags") or "")),
            ready=bool(one.get("template")),
            used_by=users.get(number, []),
            node=str(one.get("node") or ""),
        )


def _bases(config: Mapping[str, Any]) -> set[str]:
    """The templates on whose disks those of a virtual machine back."""
    return {base for key, value in config.items() if _DRIVE.fullmatch(key) for base in _BASE.findall(str(value))}


def _made(config: Mapping[str, Any], number: int) -> str:
    """Sorts by the time of creation; two of a second by their numbers."""
    found = re.search(r"\bctime=([0-9]+)", str(config.get("meta") or ""), re.A)
    return f"{int(found[1]) if found else 0:012d}-{number:09d}"


def _machine(config: Mapping[str, Any]) -> dict[str, Any]:
    bios = config.get("bios") or "seabios"
    card = str(config.get("net0") or "").split("=", maxsplit=1)[0]
    return {
        "firmware": next((firmware for firmware, name in _FIRMWARE.items() if name == bios), None),
        "disk": next((disk for disk, bus in _BUSES.items() if f"{bus}0" in config and _is(bus, config)), None),
        "network": next((network for network, model in _CARDS.items() if model == card), None),
        # 1 is short for enabled=1.
        "agent": bool(re.match(r"(enabled=)?1\b", str(config.get("agent") or ""), re.A)),
    }


def _is(bus: str, config: Mapping[str, Any]) -> bool:
    return bus != "scsi" or config.get("scsihw") in _SCSI
