# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A platform's devices against the drivers of every installed kernel."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import Starting
from ansible_collections.hygeia.golden.plugins.module_utils.portability import drivers, hardware, kernels
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import DISKS, MATRIX, NETWORKS

VMWARE = {"id": "vmware", "disks": ["pvscsi", "ahci"], "networks": ["vmxnet3", "e1000e"]}
BIOS_ONLY = Starting(True, False, False, False)


@pytest.mark.parametrize(
    "found,status,works,message",
    [
        ({"a": {"early": ["vmw_pvscsi", "sd_mod", "ahci"]}}, "pass", ["pvscsi", "ahci"], ""),
        ({"a": {"early": ["vmw_pvscsi", "sd_mod"]}}, "pass", ["pvscsi"], "not with ahci (a lacks ahci)"),
        ({"a": {"early": ["vmw_pvscsi", "sd_mod", "ahci"]}, "b": {"early": ["sd_mod", "ahci"]}}, "pass", ["ahci"], "b lacks vmw_pvscsi"),
        ({"a": {"early": [], "builtin": ["vmw_pvscsi", "sd_mod"]}}, "pass", ["pvscsi"], "ahci"),
        # What the kernel has and the initramfs has not can be put there; what it has not needs another kernel.
        ({"a": {"early": ["sd_mod"], "loadable": ["vmw_pvscsi"]}}, "fail", [], "name the modules of pvscsi in add_drivers"),
        ({"a": {"early": ["sd_mod"]}}, "fail", [], "install a kernel that has one of them"),
        ({"a": {"early": ["vmw_pvscsi"], "loadable": ["sd_mod"]}}, "fail", [], "a lacks sd_mod"),
        # A module does not load without those that it needs.
        ({"a": {"early": ["ahci", "sd_mod"], "loadable": ["libahci"], "needs": {"ahci": ["libahci"]}}}, "fail", [], "a lacks libahci"),
        ({"a": {"early": ["ahci", "sd_mod"], "builtin": ["libahci"], "needs": {"ahci": ["libahci"]}}}, "pass", ["ahci"], "pvscsi"),
    ],
)
def test_the_disk_needs_its_driver_before_the_root_is_there(tree, found, status, works, message):
    answer = drivers.disk(VMWARE, kernels.of(tree(kernels=found)))
    assert (answer.status, answer.observed) == (status, {"one of": works})
    assert message in answer.message
    assert bool(message) == bool(answer.message)


def test_a_network_card_may_wait_for_the_root(tree):
    looked = kernels.of(tree(kernels={"a": {"loadable": ["e1000e"]}}))
    assert drivers.network(VMWARE, looked).observed == {"one of": ["e1000e"]}
    assert drivers.network({**VMWARE, "networks": ["ena"]}, looked).status == "fail"


def test_a_kernel_without_an_initramfs_has_what_is_a_part_of_it(tree):
    looked = kernels.of(tree(kernels={"a": {"early": None, "builtin": ["vmw_pvscsi", "sd_mod"]}}))
    assert drivers.disk(VMWARE, looked).observed == {"one of": ["pvscsi"]}
    assert "Linux a" in drivers.disk(VMWARE, looked).read_from


def test_what_could_not_be_read_is_not_claimed(tree, tmp_path):
    host = tree(kernels={"a": {"early": ["ahci", "sd_mod"]}})
    (tmp_path / "boot/initrd.img-a").write_bytes(b"what is this")
    answer = drivers.disk(VMWARE, kernels.of(host))
    assert (answer.status, answer.observed) == ("not_checked", None)
    assert "/boot/initrd.img-a" in answer.message
    assert hardware.prediction("ahci", kernels.of(host), BIOS_ONLY)["starts"] is None


def test_without_a_kernel_nothing_is_known(tree):
    assert drivers.disk(VMWARE, kernels.of(tree())).status == "not_checked"
    assert drivers.network(VMWARE, kernels.of(tree())).status == "not_checked"


def test_modules_of_another_kernel_in_an_initramfs_do_not_count(tree, tmp_path):
    host = tree(kernels={"a": {"early": ["ahci", "sd_mod"]}, "b": {"early": ["sd_mod"], "loadable": ["ahci"]}})
    (tmp_path / "boot/initrd.img-b").write_bytes((tmp_path / "boot/initrd.img-a").read_bytes())
    assert drivers.disk(VMWARE, kernels.of(host)).status == "fail"


def test_a_name_that_is_no_device_is_a_driver(tree):
    looked = kernels.of(tree(kernels={"a": {"early": ["megaraid_sas"]}}))
    assert drivers.disk({**VMWARE, "disks": ["megaraid-sas"]}, looked).status == "pass"


@pytest.mark.parametrize(
    "name,starting,starts",
    [
        ("ahci", BIOS_ONLY, True),
        ("nvme", BIOS_ONLY, False),
        ("lsi+e1000e", BIOS_ONLY, False),
        ("uefi", BIOS_ONLY, False),
        ("uefi", Starting(True, True, False, False), False),
        ("uefi", Starting(False, True, True, False), True),
        ("secureboot", Starting(False, True, True, False), False),
        ("secureboot", Starting(False, True, True, True), True),
        ("uefi", None, None),
        ("virtio", None, True),
    ],
)
def test_the_machines_that_a_system_should_start_on(tree, name, starting, starts):
    early = ["ahci", "sd_mod", "virtio_pci", "virtio_blk", "virtio_net"]
    prediction = hardware.prediction(name, kernels.of(tree(kernels={"a": {"early": early}})), starting)
    assert prediction["starts"] is starts
    assert bool(prediction["why"]) == (starts is not True)


def test_the_matrix_names_devices_that_there_are():
    assert {machine.disk for machine in MATRIX.values()} <= set(DISKS)
    assert {machine.network for machine in MATRIX.values()} <= set(NETWORKS)
