# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The devices of a machine of the boot matrix, as QEMU has them; what the installed QEMU does not have is not tried."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.firmware import DIRECT, UEFI
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import Hardware

# For each disk controller the device that is one, and the device of a disk behind it; nothing where a disk is both.
_DISKS = {
    "virtio-blk": ("", "virtio-blk-pci"),
    "virtio-scsi": ("virtio-scsi-pci", "scsi-hd"),
    "pvscsi": ("pvscsi", "scsi-hd"),
    "lsilogicsas": ("mptsas1068", "scsi-hd"),
    "ahci": ("ich9-ahci", "ide-hd"),
    "nvme": ("", "nvme"),
}
_NETWORKS = {"virtio-net": "virtio-net-pci", "vmxnet3": "vmxnet3", "e1000e": "e1000e"}
_BUS = "disks"
# On a serial attached bus a disk is found by its address, which QEMU takes from a name that it does not make itself; of a disk
# without one neither Linux nor UEFI sees anything.
_NAMED = ("mptsas1068",)
_NAME = 0x5000C50000000000
# Debian's OVMF goes to its shell with them.
_UNKNOWN_TO_UEFI = ("mptsas1068", "pvscsi")


class NotEmulated(ImageError):
    """The installed QEMU has no such device, so that nothing is known of the template on it."""


def require(machine: Hardware, qemu: str) -> None:
    """Refuse a machine with a device that the emulator does not have."""
    there = set(re.findall(r'^name "([^"]+)"', run([qemu, "-device", "help"]).out, re.M))
    wanted = [*_DISKS.get(machine.disk, (machine.disk,)), _NETWORKS.get(machine.network, machine.network)]
    missing = [device for device in wanted if device and device not in there]
    if missing:
        raise NotEmulated(f"{qemu} of the build host has no {missing[0]}: install a QEMU that has it, or leave this machine out")


def started_by(machine: Hardware, firmware: str) -> str:
    """The firmware of an image, or none where UEFI has no driver for the controller; Linux alone has to find its disk then."""
    return DIRECT if firmware == UEFI and _DISKS[machine.disk][0] in _UNKNOWN_TO_UEFI else firmware


def controller(machine: Hardware) -> list[str]:
    device = _DISKS[machine.disk][0]
    return ["-device", f"{device},id={_BUS}"] if device else []


def disk(machine: Hardware, number: int) -> list[str]:
    """A disk in its place: the first is the one to boot from, and all are found in their order."""
    bus, device = _DISKS[machine.disk]
    serial = f",serial=disk{number}" if device == "nvme" else ""
    place = f",bus={_BUS}.{number - 1 if device == 'ide-hd' else 0}" if bus else ""
    name = f",wwn={_NAME + number:#x}" if bus in _NAMED else ""
    return ["-device", f"{device},drive=disk{number},bootindex={number}{place}{serial}{name}"]


def network(machine: Hardware) -> list[str]:
    return ["-device", f"{_NETWORKS[machine.network]},netdev=net,romfile="]
