# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The definition of a domain, as far as a published image is concerned: which image it has, and on which devices.

libvirt.org/formatdomain.html describes the format. A template has an element of the collection in its metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import LibvirtError
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import BadXml, tree

# The name of what the metadata of a template holds; nobody needs to be able to open it.
NAMESPACE = "https://example.org/hygeia/golden/image"
_IMAGE = f"./metadata/{{{NAMESPACE}}}image"
AGENT = "org.qemu.guest_agent.0"
# What libvirt calls the devices that have other names elsewhere in the collection.
_DISKS = {"virtio": "virtio-blk", "sata": "ahci"}
_NETWORKS = {"virtio": "virtio-net"}


@dataclass(frozen=True)
class Definition:
    """What a domain is defined to be."""

    image: dict[str, str] = field(default_factory=dict)
    disks: list[str] = field(default_factory=list)
    machine: dict[str, Any] = field(default_factory=dict)


def parsed(text: str) -> Element:
    """The document; one that brings declarations of its own, which could name files or never end, is refused."""
    try:
        return tree(text)
    except BadXml as problem:
        raise LibvirtError(f"what libvirt returned {problem}") from problem


def read(text: str) -> Definition:
    """The image that a domain has according to its metadata, the places of its disks, and its devices."""
    domain = parsed(text)
    image = domain.find(_IMAGE)
    known = {child.tag.rpartition("}")[2]: child.text or "" for child in image} if image is not None else {}
    return Definition(known, list(_places(domain)), _machine(domain))


def _places(domain: Element) -> Iterator[str]:
    """The volumes and files that the disks of a domain lie on, with what they back on where libvirt names that."""
    for source in domain.findall("./devices/disk//source"):
        pool, volume = source.get("pool"), source.get("volume")
        if pool and volume:
            yield f"{pool}/{volume}"
        place = source.get("file") or source.get("dev")
        if place:
            yield place


def _machine(domain: Element) -> dict[str, Any]:
    bus = _attribute(domain, "./devices/disk[@device='disk']/target", "bus")
    controller = _attribute(domain, "./devices/controller[@type='scsi']", "model")
    model = _attribute(domain, "./devices/interface/model", "type")
    channels = [target.get("name") for target in domain.findall("./devices/channel/target")]
    uefi = _attribute(domain, "./os", "firmware") == "efi" or domain.find("./os/loader[@type='pflash']") is not None
    return {
        "firmware": "uefi" if uefi else "bios",
        "disk": controller if bus == "scsi" else _DISKS.get(bus, bus),
        "network": _NETWORKS.get(model, model),
        "agent": AGENT in channels,
    }


def _attribute(domain: Element, path: str, name: str) -> str:
    found = domain.find(path)
    return (found.get(name) or "") if found is not None else ""
