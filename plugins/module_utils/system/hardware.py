# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual devices by the names that hypervisors give them, with the drivers that Linux needs for each.

This is the one place that knows them: what a platform offers, what an OVA asks for and what the boot matrix
emulates all name devices of these lists. A name that is not in them is that of a driver itself.
"""

from __future__ import annotations

from dataclasses import dataclass

# The disks of a SCSI or ATA controller are read by a driver of their own.
_DISK = "sd_mod"
DISKS = {
    "virtio-blk": ("virtio_pci", "virtio_blk"),
    "virtio-scsi": ("virtio_pci", "virtio_scsi", _DISK),
    "pvscsi": ("vmw_pvscsi", _DISK),
    "lsilogic": ("mptspi", _DISK),
    "lsilogicsas": ("mptsas", _DISK),
    "ahci": ("ahci", _DISK),
    "nvme": ("nvme",),
    "ide": ("ata_piix", _DISK),
    "hyperv-scsi": ("hv_vmbus", "hv_storvsc", _DISK),
    "azure-nvme": ("hv_vmbus", "pci_hyperv", "nvme"),
    "xen-blk": ("xen_blkfront",),
}
NETWORKS = {
    "virtio-net": ("virtio_pci", "virtio_net"),
    "vmxnet3": ("vmxnet3",),
    "e1000e": ("e1000e",),
    "e1000": ("e1000",),
    "hyperv-net": ("hv_vmbus", "hv_netvsc"),
    "ena": ("ena",),
    "gve": ("gve",),
    "mana": ("mana",),
    "xen-net": ("xen_netfront",),
}
# What vSphere has, in the order of choice.
VSPHERE_DISKS = ("pvscsi", "lsilogic", "lsilogicsas", "ahci", "nvme", "ide")
VSPHERE_NETWORKS = ("vmxnet3", "e1000e", "e1000")

BIOS, UEFI, SECURE_BOOT = "bios", "uefi", "secure_boot"


@dataclass(frozen=True)
class Hardware:
    """A machine of the boot matrix; without a firmware of its own it has that of the image."""

    disk: str = "virtio-blk"
    network: str = "virtio-net"
    firmware: str = ""


VIRTIO = Hardware()
MATRIX = {
    "virtio": VIRTIO,
    "virtio-scsi": Hardware("virtio-scsi"),
    "pvscsi+vmxnet3": Hardware("pvscsi", "vmxnet3"),
    "lsi+e1000e": Hardware("lsilogicsas", "e1000e"),
    "ahci": Hardware("ahci"),
    "nvme": Hardware("nvme"),
    "uefi": Hardware(firmware=UEFI),
    "secureboot": Hardware(firmware=SECURE_BOOT),
}


def drivers(device: str) -> tuple[str, ...]:
    """What a disk controller or a network card needs."""
    return DISKS.get(device) or NETWORKS.get(device) or (plain(device),)


def plain(name: str) -> str:
    """A module's name with the one spelling that the kernel gives it."""
    return name.replace("-", "_")
