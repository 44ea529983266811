# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.machine import NoMachine, machine

OFFERS = {"firmware": ["bios", "uefi"], "disks": ["virtio-blk", "ahci"], "networks": ["virtio-net"]}
FACTS = {"firmware": ["uefi"], "disks": ["nvme", "ahci"], "networks": ["virtio-net"], "agent": True}


def test_the_first_device_that_works_and_is_offered():
    assert machine(FACTS, OFFERS, {}, "kvm") == {"firmware": "uefi", "disk": "ahci", "network": "virtio-net", "agent": True}


def test_what_the_site_has_chosen_counts():
    chosen = {"disk": "virtio-blk", "agent": False}
    assert machine(FACTS, OFFERS, chosen, "kvm") == {"firmware": "uefi", "disk": "virtio-blk", "network": "virtio-net", "agent": False}


def test_a_machine_can_be_chosen_without_facts():
    chosen = {"firmware": "bios", "disk": "ahci", "network": "virtio-net"}
    assert machine({}, OFFERS, chosen, "kvm") == {**chosen, "agent": False}


@pytest.mark.parametrize("facts", [None, {}, {**FACTS, "disks": []}])
def test_nothing_is_guessed(facts):
    with pytest.raises(NoMachine, match="add kvm to verify_platforms"):
        machine(facts, OFFERS, {}, "kvm")


def test_what_works_may_not_be_offered():
    with pytest.raises(NoMachine, match="works on kvm with the disk nvme, and what publishes to it offers virtio-blk, ahci"):
        machine({**FACTS, "disks": ["nvme"]}, OFFERS, {}, "kvm")
