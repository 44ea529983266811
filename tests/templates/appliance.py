# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An OVF, its manifest and an OVA around a disk, as vSphere exports them."""

from __future__ import annotations

import hashlib
import io
import tarfile

OVF = """<?xml version="1.0" encoding="UTF-8"?>
<!--Generated for tests-->
<Envelope vmw:buildId="build-1" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References>
    <File ovf:href="{disk}" ovf:id="file1" {file}/>
  </References>
  <DiskSection>
    <Info>Virtual disk information</Info>
    <Disk ovf:capacity="{capacity}" ovf:diskId="vmdisk1" ovf:fileRef="file1"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized" {attributes}/>{disks}
  </DiskSection>
  <VirtualSystem ovf:id="web">
    <VirtualHardwareSection>
      <System><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-19</vssd:VirtualSystemType></System>
      <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>{controller}</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>9</rasd:InstanceID><rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:InstanceID>11</rasd:InstanceID><rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType></Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"""
DEFAULTS = {"controller": "VirtualSCSI", "file": "", "attributes": "", "disks": "", "capacity": 1 << 20}


def description(disk, **changes):
    """The text of an OVF for the disk in a file of this name."""
    return OVF.format(disk=disk, **{**DEFAULTS, **changes})


def manifest(kind, **files):
    """The digests of files, given by name with their bytes."""
    return "".join(f"{kind}({name})= {hashlib.new(kind.lower(), content).hexdigest()}\n" for name, content in files.items())


def files(disk, kind="SHA256", name="web-disk1.vmdk", **changes):
    """The files of an OVA around the bytes of a disk, in their order."""
    ovf = description(name, **changes).encode()
    digests = manifest(kind, **{"web.ovf": ovf, name: disk}).encode() if kind else b""
    return {"web.ovf": ovf, **({"web.mf": digests} if digests else {}), name: disk}


def ova(path, contents, form=tarfile.USTAR_FORMAT):
    """An archive of files, given by name with their bytes."""
    with tarfile.open(path, "w", format=form) as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            if form == tarfile.PAX_FORMAT:
                member.mtime = 1700000000.5
            archive.addfile(member, io.BytesIO(content))
    return path


def several(disks, order):
    """The files of an OVA around several disks, given by name with their bytes; ``order`` is that of their places at the controller."""
    first, *others = disks
    identifiers = {name: f"vmdisk{number}" for number, name in enumerate(disks, 1)}
    entries = "".join(f'<Disk ovf:capacity="0" ovf:diskId="{identifiers[name]}" ovf:fileRef="{name}"/>' for name in others)
    text = description(first, disks=entries)
    references = "".join(f'<File ovf:href="{name}" ovf:id="{name}"/>' for name in others)
    items = "".join(
        f"<Item><rasd:AddressOnParent>{place}</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/{identifiers[name]}</rasd:HostResource>"
        f"<rasd:InstanceID>{20 + place}</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>"
        for place, name in enumerate(order)
    )
    start = text.index("<Item><rasd:HostResource>")
    end = text.index("</Item>", start) + len("</Item>")
    text = (text[:start] + items + text[end:]).replace("</References>", f"{references}</References>")
    ovf = text.encode()
    return {"web.ovf": ovf, "web.mf": manifest("SHA256", **{"web.ovf": ovf}, **disks).encode(), **disks}
