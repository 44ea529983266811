# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine that an image can drive is chosen by the facts that its records of portability have."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image import machine
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import Starting
from ansible_collections.hygeia.golden.plugins.module_utils.portability import drivers
from ansible_collections.hygeia.golden.plugins.module_utils.portability import kernels as installed
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.unit.plugins.module_utils.kinds.boot import kernels

NOTHING = Starting(False, False, False, False)
BIOS, UEFI = Starting(True, False, False, False), Starting(False, True, True, False)
VMWARE = Catalogue().platforms["vmware"]


@pytest.fixture
def system(tree):
    """A system with kernels, each with what its initramfs has and what it can load later."""

    def make(*found, builtin=()):
        host = tree()
        for number, (early, loadable) in enumerate(found):
            kernels.add(host, f"6.1.0-{number}", ["sd_mod", *early], loadable, builtin)
        return host

    return make


@pytest.mark.parametrize(
    "declared,found,builtin,expected",
    [
        ({}, [(["vmw_pvscsi"], ["vmxnet3"])], (), ("pvscsi", "vmxnet3")),
        ({}, [(["vmw_pvscsi", "ahci"], ["vmxnet3", "e1000"]), (["ahci"], ["e1000"])], (), ("ahci", "e1000")),
        ({}, [([], ["e1000e"])], ("ata_piix",), ("ide", "e1000e")),
        ({"controller": "lsilogic", "network": "e1000"}, [(["vmw_pvscsi", "mptspi"], ["vmxnet3", "e1000"])], (), ("lsilogic", "e1000")),
        ({"controller": "lsilogic", "network": "e1000"}, [(["vmw_pvscsi"], ["vmxnet3"])], (), ("pvscsi", "vmxnet3")),
        ({"controller": "buslogic", "network": "pcnet32"}, [(["vmw_pvscsi"], ["vmxnet3"])], (), ("pvscsi", "vmxnet3")),
        ({"controller": "ahci"}, [], (), ("ahci", "vmxnet3")),
        # A driver that the kernel has, and its initramfs has not, starts nothing.
        ({}, [(["ahci"], ["vmw_pvscsi", "vmxnet3"])], (), ("ahci", "vmxnet3")),
        ({"controller": "pvscsi"}, [(["nvme"], ["vmw_pvscsi", "vmxnet3"])], (), ("nvme", "vmxnet3")),
    ],
)
def test_a_device_that_has_a_driver_when_it_is_needed(system, declared, found, builtin, expected):
    host = system(*found, builtin=builtin)
    chosen = machine.of(host, BIOS, declared)
    assert (chosen["controller"], chosen["network"]) == expected


def test_an_appliance_names_the_devices_that_the_records_name_first(system):
    host = system((["ahci", "nvme"], ["vmw_pvscsi", "e1000e", "e1000"]))
    looked, chosen = installed.of(host), machine.of(host, UEFI, {})
    assert drivers.disk(VMWARE, looked).observed["one of"][0] == chosen["controller"] == "ahci"
    assert drivers.network(VMWARE, looked).observed["one of"][0] == chosen["network"] == "e1000e"


def test_of_an_initramfs_that_cannot_be_read_the_kernel_is_known(system):
    host = system((["ahci"], ["vmw_pvscsi"]))
    kernels.write(host, "/boot/initrd.img-6.1.0-0", b"what is this")
    assert machine.of(host, BIOS, {})["controller"] == "pvscsi"


@pytest.mark.parametrize(
    "starts,declared,expected",
    [
        (UEFI, "", "efi"),
        (BIOS, "", "bios"),
        (Starting(True, True, True, False), "", "efi"),
        (Starting(True, True, True, False), "bios", "bios"),
        # A description that the disk does not keep is none.
        (UEFI, "bios", "efi"),
        (BIOS, "efi", "bios"),
        # Boot code beside a partition on which no boot loader is found without boot entries.
        (Starting(True, True, False, False), "", "bios"),
        (Starting(False, True, False, False), "", "efi"),
        (NOTHING, "efi", "efi"),
        (NOTHING, "", "bios"),
    ],
)
def test_the_firmware_is_one_that_the_disk_starts_by(tree, starts, declared, expected):
    assert machine.of(tree(), starts, {"firmware": declared})["firmware"] == expected


def test_what_lies_in_a_kernels_place_is_data(tree):
    host = tree()
    kernels.write(host, "/boot/vmlinuz-x", b"")
    kernels.write(host, "/lib/modules/x/modules.dep/file", b"")
    assert machine.of(host, BIOS, {})["controller"] == "pvscsi"
