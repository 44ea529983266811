# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images of OpenStack Glance: their properties choose the devices of a server, as the guide to useful image properties lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.found import Listed

# The tag of what this collection made, which an image has before it has any property.
TAG = "hygeia.golden"
_BUSES = {"virtio-blk": "virtio", "virtio-scsi": "scsi"}
_CARDS = {"virtio-net": "virtio"}


def settings(machine: Mapping[str, Any]) -> dict[str, str]:
    """The properties by which Nova gives a server these devices."""
    found = {
        "hw_firmware_type": str(machine["firmware"]),
        "hw_disk_bus": _BUSES[machine["disk"]],
        "hw_vif_model": _CARDS[machine["network"]],
        "hw_qemu_guest_agent": "yes" if machine["agent"] else "no",
    }
    # Nova accepts no empty model, and ignores the model of a bus that is not SCSI.
    return {**found, "hw_scsi_model": "virtio-scsi"} if machine["disk"] == "virtio-scsi" else found


def listed(images: Iterable[Mapping[str, Any]]) -> Iterator[Listed]:
    """What openstack.cloud.image_info returned: the properties that it knows are keys of the image, all others are below properties."""
    for image in images:
        properties = image.get("properties") or {}
        yield Listed(
            id=str(image["id"]),
            name=str(image.get("name") or ""),
            labels=properties,
            machine=_machine({**image, **properties}),
            made=str(image.get("created_at") or ""),
            marked=TAG in (image.get("tags") or []),
            ready=image.get("status") == "active",
            used_by=["whoever protected it"] if image.get("is_protected") else [],
        )


def _machine(properties: Mapping[str, Any]) -> dict[str, Any]:
    firmware = properties.get("hw_firmware_type")
    return {
        "firmware": firmware if firmware in ("bios", "uefi") else None,
        "disk": next((disk for disk, bus in _BUSES.items() if bus == properties.get("hw_disk_bus")), None),
        "network": next((card for card, model in _CARDS.items() if model == properties.get("hw_vif_model")), None),
        "agent": properties.get("hw_qemu_guest_agent") == "yes",
    }
