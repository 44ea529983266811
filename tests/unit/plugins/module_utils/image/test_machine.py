# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine that an image can drive is chosen by the drivers of all of its kernels."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image import machine
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

DRIVERS = "kernel/drivers/scsi/{}.ko.xz: kernel/drivers/scsi/scsi_mod.ko.xz\n"


def tree(place, *kernels, builtin=""):
    for number, drivers in enumerate(kernels):
        directory = place / f"lib/modules/6.1.0-{number}"
        directory.mkdir(parents=True)
        (directory / "modules.dep").write_text("".join(map(DRIVERS.format, [*drivers, "sd_mod"])))
        (directory / "modules.builtin").write_text(builtin)
    return Host(str(place))


@pytest.mark.parametrize(
    "declared,kernels,builtin,expected",
    [
        ({}, [["vmw_pvscsi", "vmxnet3"]], "", ("pvscsi", "vmxnet3")),
        ({}, [["vmw_pvscsi", "vmxnet3", "ahci", "e1000"], ["ahci", "e1000"]], "", ("ahci", "e1000")),
        ({}, [["e1000e"]], "kernel/drivers/ata/ata_piix.ko\n", ("ide", "e1000e")),
        ({"controller": "lsilogic", "network": "e1000"}, [["vmw_pvscsi", "mptspi", "vmxnet3", "e1000"]], "", ("lsilogic", "e1000")),
        ({"controller": "lsilogic", "network": "e1000"}, [["vmw_pvscsi", "vmxnet3"]], "", ("pvscsi", "vmxnet3")),
        ({"controller": "buslogic", "network": "pcnet32"}, [["vmw_pvscsi", "vmxnet3"]], "", ("pvscsi", "vmxnet3")),
        ({"controller": "ahci"}, [], "", ("ahci", "vmxnet3")),
    ],
)
def test_a_device_that_has_a_driver(tmp_path, declared, kernels, builtin, expected):
    found = machine.of(tree(tmp_path, *kernels, builtin=builtin), declared)
    assert (found["controller"], found["network"]) == expected


@pytest.mark.parametrize(
    "declared,place,expected", [("", "boot/efi/EFI", "efi"), ("", "boot/grub", "bios"), ("bios", "boot/efi/EFI", "bios")]
)
def test_the_firmware(tmp_path, declared, place, expected):
    (tmp_path / place).mkdir(parents=True)
    assert machine.of(Host(str(tmp_path)), {"firmware": declared})["firmware"] == expected


def test_what_lies_in_a_kernels_place_is_data(tmp_path):
    (tmp_path / "lib/modules/x/modules.dep").mkdir(parents=True)
    assert machine.of(Host(str(tmp_path)), {})["controller"] == "pvscsi"
