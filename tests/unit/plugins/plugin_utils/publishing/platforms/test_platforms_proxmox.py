# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.platforms import proxmox

NOTES = "hygeia_name: web\nhygeia_version: 1\nhygeia_sha256: " + "0" * 64 + "\nhygeia_evidence: 20261001T000000Z\n"
TEMPLATE = {
    "vmid": 100,
    "name": "web",
    "node": "pve1",
    "template": True,
    "config": {
        "description": NOTES,
        "tags": "golden;hygeia-golden",
        "meta": "creation-qemu=9.0.2,ctime=1764522972",
        "scsi0": "local-lvm:base-100-disk-0,size=3G",
        "scsihw": "virtio-scsi-pci",
        "net0": "virtio=BC:24:11:2C:69:EC,bridge=vmbr0",
        "agent": "enabled=1",
    },
}


def machine(**config):
    (one,) = proxmox.listed([{**TEMPLATE, "config": {**TEMPLATE["config"], **config}}])
    return one.machine


@pytest.mark.parametrize(
    "wanted",
    [
        {"firmware": "bios", "disk": "virtio-scsi", "network": "virtio-net", "agent": True},
        {"firmware": "uefi", "disk": "virtio-blk", "network": "e1000e", "agent": False},
        {"firmware": "bios", "disk": "ahci", "network": "virtio-net", "agent": False},
    ],
)
def test_a_machine_is_read_as_it_was_set(wanted):
    settings = proxmox.settings(wanted)
    config = {key: settings[key] for key in ("bios", "agent", "scsihw") if key in settings}
    config.update({f"{settings['bus']}0": "local-lvm:base-100-disk-0", "net0": f"{settings['card']}=BC:24:11:2C:69:EC,bridge=vmbr0"})
    (one,) = proxmox.listed([{**TEMPLATE, "config": config}])
    assert one.machine == wanted


@pytest.mark.parametrize(
    "config,part,value",
    [
        ({"agent": 1}, "agent", True),
        ({"agent": "0"}, "agent", False),
        ({"agent": "enabled=0,fstrim_cloned_disks=1"}, "agent", False),
        ({"scsihw": "lsi"}, "disk", None),
        ({"net0": "rtl8139=BC:24:11:2C:69:EC"}, "network", None),
        ({"bios": "other"}, "firmware", None),
    ],
)
def test_devices_as_somebody_else_may_have_set_them(config, part, value):
    assert machine(**config)[part] == value


def test_what_a_template_is():
    (one,) = proxmox.listed([TEMPLATE])
    assert (one.id, one.name, one.node, one.marked, one.ready) == ("100", "web", "pve1", True, True)
    assert one.image("web")["sha256"] == "0" * 64 and one.labels["hygeia_evidence"] == "20261001T000000Z"


def test_labels_are_lines_of_their_own():
    (one,) = proxmox.listed([{**TEMPLATE, "config": {"description": "see hygeia_name: web\nhygeia_version: 1 or 2"}}])
    assert one.labels == {}


@pytest.mark.parametrize(
    "drive,used",
    [
        ("local-lvm:base-100-disk-0/vm-101-disk-0,size=3G", ["virtual machine 101"]),
        ("local:100/base-100-disk-0.qcow2/101/vm-101-disk-0.qcow2", ["virtual machine 101"]),
        ("local-lvm:vm-101-disk-0,size=3G", []),
        ("local-lvm:base-1001-disk-0/vm-101-disk-0", []),
    ],
)
def test_a_linked_clone_uses_its_template(drive, used):
    clone = {"vmid": 101, "name": "viewer", "config": {"virtio0": drive}}
    assert [one.used_by for one in proxmox.listed([TEMPLATE, clone])] == [used, []]


def test_the_newest_is_made_last():
    older = {**TEMPLATE, "vmid": 99}
    later = {**TEMPLATE, "vmid": 3, "config": {**TEMPLATE["config"], "meta": "ctime=1764522973"}}
    unknown = {**TEMPLATE, "vmid": 500, "config": {}}
    made = {one.id: one.made for one in proxmox.listed([TEMPLATE, older, later, unknown])}
    assert sorted(made, key=made.get) == ["500", "99", "100", "3"]
