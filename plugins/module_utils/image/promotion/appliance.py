# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An OVA around disks: its description, the digests of all, and the disks, in the order in which vSphere reads them."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_OVF = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
{files}
  </References>
  <DiskSection>
    <Info>The disks of the image</Info>
{disks}
  </DiskSection>
  <NetworkSection>
    <Info>The network that the image is connected to</Info>
    <Network ovf:name="VM Network"><Description>VM Network</Description></Network>
  </NetworkSection>
  <VirtualSystem ovf:id="{name}">
    <Info>A golden image</Info>
    <Name>{name}</Name>
    <OperatingSystemSection ovf:id="101" vmw:osType="otherLinux64Guest"><Info>Linux</Info></OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>What the image can drive</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>{name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>{hardware}</vssd:VirtualSystemType>
      </System>
{items}
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="{firmware}"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"""
_FILE = '    <File ovf:id="file{number}" ovf:href="{name}" ovf:size="{size}"/>'
_DISK = """\
    <Disk ovf:diskId="disk{number}" ovf:fileRef="file{number}" ovf:capacity="{capacity}" ovf:capacityAllocationUnits="byte"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>"""
# What an OVF calls each controller: the number of its kind, and the name within that.
_CONTROLLERS = {
    "pvscsi": ("6", "VirtualSCSI"),
    "lsilogic": ("6", "lsilogic"),
    "lsilogicsas": ("6", "lsilogicsas"),
    "ahci": ("20", "vmware.sata.ahci"),
    "nvme": ("20", "vmware.nvme.controller"),
    "ide": ("5", ""),
}
# Where a controller takes a disk. A SCSI controller is its own seventh.
_SCSI = [place for place in range(16) if place != 7]
_PLACES = {**dict.fromkeys(("pvscsi", "lsilogic", "lsilogicsas"), _SCSI), **dict.fromkeys(("ahci", "nvme"), list(range(15))), "ide": [0, 1]}
_NETWORK_CARD, _FIRST_CONTROLLER, _FIRST_DISK = 5, 10, 20
_NETWORKS = {"vmxnet3": "VmxNet3", "e1000e": "E1000e", "e1000": "E1000"}
# ESXi 6.5 and later run it, with UEFI and Secure Boot.
HARDWARE = "vmx-13"


@dataclass(frozen=True)
class Disk:
    """A disk by its file, the SHA-256 of that, and the bytes that the disk has."""

    path: str
    digest: str
    capacity: int


def description(name: str, disks: Sequence[Disk], machine: dict[str, str]) -> str:
    """The OVF of an image with these disks."""
    numbered = list(enumerate(disks, 1))
    items: list[dict[str, object]] = [
        {"AllocationUnits": "hertz * 10^6", "ElementName": "2 virtual CPUs", "InstanceID": 1, "ResourceType": 3, "VirtualQuantity": 2},
        {
            "AllocationUnits": "byte * 2^20",
            "ElementName": "2048 MiB of memory",
            "InstanceID": 2,
            "ResourceType": 4,
            "VirtualQuantity": 2048,
        },
        *_storage(len(disks), machine.get("controller") or "pvscsi"),
        {
            "AddressOnParent": 7,
            "AutomaticAllocation": "true",
            "Connection": "VM Network",
            "ElementName": "Network card",
            "InstanceID": _NETWORK_CARD,
            "ResourceSubType": _NETWORKS[machine.get("network") or "vmxnet3"],
            "ResourceType": 10,
        },
    ]
    return _OVF.format(
        name=escape(name),
        files="\n".join(
            _FILE.format(number=number, name=escape(_name(name, number), {'"': "&quot;"}), size=os.path.getsize(disk.path))
            for number, disk in numbered
        ),
        disks="\n".join(_DISK.format(number=number, capacity=disk.capacity) for number, disk in numbered),
        hardware=HARDWARE,
        firmware="efi" if machine.get("firmware") == "efi" else "bios",
        items="\n".join(f"      <Item>{_fields(item)}</Item>" for item in items),
    )


def _storage(disks: int, controller: str) -> list[dict[str, object]]:
    """The disks in their order, with a controller for as many of them as each takes."""
    kind, sub = _CONTROLLERS[controller]
    places = _PLACES[controller]
    items: list[dict[str, object]] = []
    for disk in range(disks):
        bus, place = divmod(disk, len(places))
        parent = _FIRST_CONTROLLER + bus
        if not place:
            items.append(
                {"Address": bus, "ElementName": "Disk controller", "InstanceID": parent, "ResourceSubType": sub, "ResourceType": kind}
            )
        items.append(
            {
                "AddressOnParent": places[place],
                "ElementName": "Disk",
                "HostResource": f"ovf:/disk/disk{disk + 1}",
                "InstanceID": _FIRST_DISK + disk,
                "Parent": parent,
                "ResourceType": 17,
            }
        )
    return items


def _name(image: str, number: int) -> str:
    return f"{image}-disk{number}.vmdk"


def _fields(item: dict[str, object]) -> str:
    return "".join(f"<rasd:{key}>{value}</rasd:{key}>" for key, value in item.items() if value != "")


def pack(path: str, name: str, disks: Sequence[Disk], machine: dict[str, str]) -> None:
    """Write an OVA around these disks."""
    ovf = description(name, disks, machine).encode()
    digests = {f"{name}.ovf": hashlib.sha256(ovf).hexdigest(), **{_name(name, number): disk.digest for number, disk in enumerate(disks, 1)}}
    manifest = "".join(f"SHA256({file})= {digest}\n" for file, digest in digests.items()).encode()
    # The older form of tar knows no file of 8 GiB or more.
    form = tarfile.USTAR_FORMAT if all(os.path.getsize(disk.path) < 8 << 30 for disk in disks) else tarfile.GNU_FORMAT
    with open(path, "wb") as stream, tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for file, content in ((f"{name}.ovf", ovf), (f"{name}.mf", manifest)):
            archive.addfile(_entry(file, len(content)), io.BytesIO(content))
        for number, disk in enumerate(disks, 1):
            with open(disk.path, "rb") as inside:
                archive.addfile(_entry(_name(name, number), os.path.getsize(disk.path)), inside)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry
