# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Guests of libvirt, by their definitions as ``virsh dumpxml`` prints them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition, parse
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import LARGEST, BadXml
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.machine import Machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source


def read(path: str | None, definitions: Sequence[str] | None, name: str, host: str = "", exported: str = "") -> Source:
    """The guests of a directory of XML files, or of texts."""
    source = Source(name, "libvirt", exported)
    for place, text in _texts(path, definitions, name):
        try:
            guest = parse(text, place)
        except BadXml as problem:
            raise Unusable(f"{place}: the definition {problem}.") from problem
        source.machines.append(_machine(guest, name, host))
    if not source.machines:
        raise Unusable(f"{name}: there is no definition of a guest; write what virsh dumpxml prints to files named .xml.")
    return source


def _texts(path: str | None, definitions: Sequence[str] | None, name: str) -> list[tuple[str, str | bytes]]:
    if path is None:
        return [(f"{name}, definition {index + 1}", text) for index, text in enumerate(definitions or ())]
    try:
        files = (
            [os.path.join(path, entry) for entry in sorted(os.listdir(path)) if entry.endswith(".xml")] if os.path.isdir(path) else [path]
        )
        found: list[tuple[str, str | bytes]] = []
        for file in files:
            with open(file, "rb") as stream:
                found.append((os.path.basename(file), stream.read(LARGEST + 1)))
    except OSError as problem:
        raise Unusable(f"{path}: the definitions cannot be read ({problem.strerror or problem}); make them readable.") from problem
    return found


def _machine(guest: Definition, source: str, host: str) -> Machine:
    found = machine.new(f"libvirt:{guest.uuid or guest.name}", machine.shown(guest.name), "libvirt", source)
    disks = [disk for disk in guest.disks if disk.device in ("disk", "lun")]
    macs = [address for card in guest.interfaces if (address := machine.mac(card.mac))]
    features = guest.text("os/firmware") or guest.root.findtext("os/loader") or ""
    efi = guest.attribute("os", "firmware") == "efi" or guest.attribute("os/loader", "type") == "pflash" or "OVMF" in features
    found.update(
        uuid=machine.uuid(guest.uuid) or None,
        power=machine.ON if guest.running else machine.OFF,
        cpus=guest.processors,
        memory_mib=None if guest.memory is None else round(guest.memory / 1024, 3),
        cores_per_socket=int(cores) if (cores := guest.attribute("cpu/topology", "cores")).isdigit() else None,
        firmware="efi" if efi else "bios",
        secure_boot=guest.attribute("os/loader", "secure") == "yes",
        tpm=guest.has("devices/tpm"),
        host=host or None,
        macs=sorted(macs),
        disk_count=len(disks),
        usb_devices=sum(device.type == "usb" for device in guest.host_devices),
        passthrough=any(device.type in ("pci", "mdev") for device in guest.host_devices),
        cpu_affinity=guest.has("cputune/vcpupin"),
        hw_version=guest.machine or None,
        rules=[],
    )
    found["disks"] = [
        {
            "name": machine.shown(disk.target),
            "capacity_mib": None,
            "raw": disk.type == "block",
            "thin": None,
            "datastore": machine.shown(disk.pool) or None,
            "mode": None,
            "sharing": "shareable" if disk.shareable else None,
            "bus_sharing": None,
            "controller": disk.bus or None,
        }
        for disk in disks
    ]
    found["nics"] = [
        {
            "label": f"net{index}",
            "adapter": card.model or None,
            "network": machine.shown(card.source) or None,
            "mac": machine.mac(card.mac) or None,
        }
        for index, card in enumerate(guest.interfaces)
    ]
    return found
