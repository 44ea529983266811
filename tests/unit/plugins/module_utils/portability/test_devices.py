# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of disks and swap."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.portability import devices
from ansible_collections.hygeia.golden.plugins.module_utils.system import boot_menu

MENU = "linux /boot/vmlinuz-6.1 root={} ro {}\n"


def menu(host):
    return boot_menu.starts(host)


@pytest.mark.parametrize(
    "source,lasting",
    [
        ("UUID=1234", True),
        ("LABEL=root", True),
        ("PARTUUID=12-01", True),
        ("/dev/disk/by-uuid/1234", True),
        ("/dev/disk/by-label/root", True),
        ("/dev/mapper/vg-root", True),
        ("/dev/vg/root", True),
        ("tmpfs", True),
        ("server:/export", True),
        ("/swapfile", True),
        ("/dev/sda1", False),
        ("/dev/vda", False),
        ("/dev/xvda1", False),
        ("/dev/nvme0n1p2", False),
        ("/dev/disk/by-id/scsi-36000c29", False),
        ("/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part1", False),
        ("/dev/md0", False),
    ],
)
def test_a_name_that_lasts(tree, source, lasting):
    assert devices.fleeting(source) is not lasting
    host = tree({"/etc/fstab": f"{source} / ext4 defaults 0 1\n"})
    answer = devices.devices(host, menu(host))
    assert answer.status == ("pass" if lasting else "fail")
    assert lasting or f"/etc/fstab:1 names {source}" in answer.message


@pytest.mark.parametrize(
    "files,message",
    [
        ({"/etc/crypttab": "data /dev/sdb1 none luks\n"}, "/etc/crypttab:1 names /dev/sdb1"),
        ({"/boot/grub/grub.cfg": MENU.format("/dev/sda1", "")}, "/boot/grub/grub.cfg:1 names /dev/sda1"),
        ({"/boot/grub/grub.cfg": MENU.format("UUID=1", "resume=/dev/sda2")}, "names /dev/sda2"),
        ({"/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/sda2\n"}, "conf.d/resume names /dev/sda2"),
        ({"/etc/initramfs-tools/conf.d/resume": "RESUME=UUID=9\n"}, "resumes from UUID=9, which is no swap"),
        ({"/etc/initramfs-tools/conf.d/resume": "RESUME=UUID=9\n", "/etc/fstab": "UUID=9 none swap sw 0 0\n"}, ""),
        ({"/etc/initramfs-tools/conf.d/resume": "RESUME=none\n"}, ""),
        ({"/etc/fstab": "/dev/sdb1 /mnt ext4 noauto 0 0\n"}, ""),
        ({"/etc/fstab": "# /dev/sdb1 /mnt ext4\n", "/etc/crypttab": "# data /dev/sdb1\n"}, ""),
    ],
)
def test_every_place_that_names_a_disk(tree, files, message):
    host = tree(files)
    answer = devices.devices(host, menu(host))
    assert message in answer.message
    assert answer.status == ("fail" if message else "pass")


@pytest.mark.parametrize(
    "asked,line,status",
    [
        ("unwanted", "UUID=9 none swap sw 0 0\n", "fail"),
        ("unwanted", "/swapfile none swap sw 0 0\n", "fail"),
        ("unwanted", "/dev/zram0 none swap sw 0 0\n", "pass"),
        ("unwanted", "", "pass"),
        ("allowed", "UUID=9 none swap sw 0 0\n", "not_applicable"),
    ],
)
def test_swap_where_the_platform_does_not_want_it(tree, asked, line, status):
    assert devices.swap({"swap": asked}, tree({"/etc/fstab": line})).status == status
