# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import firmware as boot_firmware
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

MENU = """\
menuentry 'Debian GNU/Linux' {
\tlinux\t/boot/vmlinuz-6.1.0-50-amd64 root=UUID=4ea3164e ro console=ttyS0 audit=1
\tinitrd\t/boot/initrd.img-6.1.0-50-amd64
}
submenu 'Advanced options' {
\tlinux\t/boot/vmlinuz-6.1.0-9-amd64 root=UUID=4ea3164e ro single
}
"""
KERNELS = {"/boot/vmlinuz-6.1.0-9-amd64": "", "/boot/vmlinuz-6.1.0-50-amd64": "", "/boot/initrd.img-6.1.0-50-amd64": ""}


@pytest.fixture
def disk(tmp_path):
    """Make a disk of 8 MiB with a partition table by sfdisk, and perhaps boot code."""

    def make(table=None, boot_code=b""):
        path = tmp_path / "disk.raw"
        path.write_bytes(bytes(8 << 20))
        if table:
            subprocess.run(["sfdisk", "--quiet", str(path)], input=table, text=True, check=True)
        with path.open("r+b") as stream:
            stream.write(boot_code)
        return str(path)

    return make


@pytest.mark.parametrize("table", ["label: gpt\nsize=1MiB, type=uefi\ntype=linux\n", "label: dos\nsize=1MiB, type=ef\ntype=83\n"])
def test_an_efi_partition_is_started_by_uefi_even_beside_boot_code(disk, table):
    assert boot_firmware.of(disk(table, b"\xeb\x63\x90")) == "uefi"


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_boot_code_is_started_by_bios(disk, label):
    assert boot_firmware.of(disk(f"label: {label}\ntype=linux\n", b"\xeb\x63\x90")) == "bios"


@pytest.mark.parametrize("table", ["label: gpt\ntype=linux\n", None])
def test_a_disk_that_nothing_starts_needs_its_kernel_from_outside(disk, table):
    assert boot_firmware.of(disk(table)) == "direct"


def test_the_newest_kernel_gets_what_the_boot_menu_gives_it(tree):
    found = boot_firmware.kernel(tree({**KERNELS, "/boot/grub/grub.cfg": MENU}))
    assert found.image == "/boot/vmlinuz-6.1.0-50-amd64"
    assert found.initramfs == "/boot/initrd.img-6.1.0-50-amd64"
    assert found.words == "root=UUID=4ea3164e ro console=ttyS0 audit=1"


def test_without_a_menu_the_root_is_that_of_fstab(tree):
    host = tree({**KERNELS, "/etc/fstab": "# root\nUUID=77 / btrfs defaults,subvol=@rootfs 0 0\nUUID=78 /srv ext4 defaults 0 0\n"})
    assert boot_firmware.kernel(host).words == "root=UUID=77 ro rootflags=subvol=@rootfs"


def test_without_either_the_kernel_would_not_find_its_root(tree):
    with pytest.raises(ImageError, match="neither a boot menu nor a root filesystem in its fstab"):
        boot_firmware.kernel(tree(KERNELS))


def test_a_kernel_may_do_without_an_initramfs(tree):
    host = tree({"/boot/vmlinuz-6.1.0-9-amd64": "", "/boot/grub/grub.cfg": MENU})
    assert boot_firmware.kernel(host).initramfs == ""


def test_a_template_may_have_no_kernel(tree):
    assert boot_firmware.kernel(tree()) is None


def test_missing_uefi_firmware_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr(boot_firmware, "OVMF", (("/nowhere/code", "/nowhere/vars"),))
    with pytest.raises(ImageError, match="install the Debian package ovmf"):
        boot_firmware.ovmf()
