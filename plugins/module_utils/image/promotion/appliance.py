# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An OVA around a disk: its description, the digests of both, and the disk, in the order in which vSphere reads them."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from xml.sax.saxutils import escape

_OVF = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
    <File ovf:id="file1" ovf:href="{disk}" ovf:size="{size}"/>
  </References>
  <DiskSection>
    <Info>The disk of the image</Info>
    <Disk ovf:diskId="disk1" ovf:fileRef="file1" ovf:capacity="{capacity}" ovf:capacityAllocationUnits="byte"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
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
# What an OVF calls each controller: the number of its kind, and the name within that.
_CONTROLLERS = {
    "pvscsi": ("6", "VirtualSCSI"),
    "lsilogic": ("6", "lsilogic"),
    "lsilogicsas": ("6", "lsilogicsas"),
    "ahci": ("20", "vmware.sata.ahci"),
    "nvme": ("20", "vmware.nvme.controller"),
    "ide": ("5", ""),
}
_NETWORKS = {"vmxnet3": "VmxNet3", "e1000e": "E1000e", "e1000": "E1000"}
# ESXi 6.5 and later run it, with UEFI and Secure Boot.
HARDWARE = "vmx-13"


def description(name: str, disk: str, size: int, capacity: int, machine: dict[str, str]) -> str:
    """The OVF of an image whose disk has this name, size and capacity."""
    kind, controller = _CONTROLLERS[machine.get("controller") or "pvscsi"]
    items: list[dict[str, object]] = [
        {"AllocationUnits": "hertz * 10^6", "ElementName": "2 virtual CPUs", "InstanceID": 1, "ResourceType": 3, "VirtualQuantity": 2},
        {
            "AllocationUnits": "byte * 2^20",
            "ElementName": "2048 MiB of memory",
            "InstanceID": 2,
            "ResourceType": 4,
            "VirtualQuantity": 2048,
        },
        {"Address": 0, "ElementName": "Disk controller", "InstanceID": 3, "ResourceSubType": controller, "ResourceType": kind},
        {"AddressOnParent": 0, "ElementName": "Disk", "HostResource": "ovf:/disk/disk1", "InstanceID": 4, "Parent": 3, "ResourceType": 17},
        {
            "AddressOnParent": 7,
            "AutomaticAllocation": "true",
            "Connection": "VM Network",
            "ElementName": "Network card",
            "InstanceID": 5,
            "ResourceSubType": _NETWORKS[machine.get("network") or "vmxnet3"],
            "ResourceType": 10,
        },
    ]
    return _OVF.format(
        name=escape(name),
        disk=escape(disk, {'"': "&quot;"}),
        size=size,
        capacity=capacity,
        hardware=HARDWARE,
        firmware="efi" if machine.get("firmware") == "efi" else "bios",
        items="\n".join(f"      <Item>{_fields(item)}</Item>" for item in items),
    )


def _fields(item: dict[str, object]) -> str:
    return "".join(f"<rasd:{key}>{value}</rasd:{key}>" for key, value in item.items() if value != "")


def pack(path: str, name: str, disk: str, digest: str, capacity: int, machine: dict[str, str]) -> None:
    """Write an OVA around the file ``disk``, whose SHA-256 is known."""
    disk_name, size = f"{name}-disk1.vmdk", os.path.getsize(disk)
    ovf = description(name, disk_name, size, capacity, machine).encode()
    manifest = f"SHA256({name}.ovf)= {hashlib.sha256(ovf).hexdigest()}\nSHA256({disk_name})= {digest}\n".encode()
    # The older form of tar knows no file of 8 GiB or more.
    form = tarfile.USTAR_FORMAT if size < 8 << 30 else tarfile.GNU_FORMAT
    with open(path, "wb") as stream, tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for told, content in ((f"{name}.ovf", ovf), (f"{name}.mf", manifest)):
            archive.addfile(_entry(told, len(content)), io.BytesIO(content))
        with open(disk, "rb") as inside:
            archive.addfile(_entry(disk_name, size), inside)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry
