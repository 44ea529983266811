# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.platforms import openstack

MACHINES = [
    {"firmware": "bios", "disk": "virtio-blk", "network": "virtio-net", "agent": True},
    {"firmware": "uefi", "disk": "virtio-scsi", "network": "virtio-net", "agent": False},
]
# As openstack.cloud.image_info returns one: it knows some of the properties, and keeps the others apart.
IMAGE = {
    "id": "25e7838f-bac1-4559-a623-255959c00443",
    "name": "web",
    "status": "active",
    "created_at": "2026-11-30T17:16:12Z",
    "is_protected": False,
    "tags": ["hygeia.golden"],
    "hw_disk_bus": None,
    "hw_vif_model": None,
    "properties": {"hygeia_name": "web", "hygeia_version": "1", "hygeia_sha256": "0" * 64, "stores": "file"},
}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("known", [[], ["hw_disk_bus", "hw_scsi_model", "hw_vif_model", "hw_qemu_guest_agent"]])
def test_a_machine_is_read_as_it_was_set(machine, known):
    settings = openstack.settings(machine)
    at_top = {key: value for key, value in settings.items() if key in known}
    image = {**IMAGE, **at_top, "properties": {**IMAGE["properties"], **{key: settings[key] for key in settings.keys() - at_top.keys()}}}
    assert [one.machine for one in openstack.listed([image])] == [machine]


def test_only_scsi_has_a_model():
    assert ["hw_scsi_model" in openstack.settings(machine) for machine in MACHINES] == [False, True]


@pytest.mark.parametrize(
    "change,wanted",
    [
        ({}, {"marked": True, "ready": True, "used_by": []}),
        ({"status": "queued", "tags": None, "name": None}, {"marked": False, "ready": False, "name": ""}),
        ({"is_protected": True}, {"used_by": ["whoever protected it"]}),
        ({"hw_disk_bus": "ide", "properties": None}, {"labels": {}}),
    ],
)
def test_what_an_image_is(change, wanted):
    (one,) = openstack.listed([{**IMAGE, **change}])
    assert {key: getattr(one, key) for key in wanted} == wanted
    assert one.machine == {"firmware": None, "disk": None, "network": None, "agent": False}
