# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""GRUB, installed with the template's own GRUB so that its parts are of one version, and without a block device.

grub-install wants devices that a builder does not have; what it does is little: copy the modules, make an image that
finds the root filesystem by its UUID, and put that image where the firmware looks.
"""

from __future__ import annotations

import os
import struct

DEFAULTS = """\
GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"
GRUB_TERMINAL="console serial"
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
"""
PLATFORMS = {"bios": "i386-pc", "uefi": "x86_64-efi"}
MODULES = "part_gpt part_msdos ext2 xfs btrfs zstd search_fs_uuid".split()
FIND = "search.fs_uuid {uuid} root\nset prefix=($root){place}\n"
SECTOR = 512

# Where boot.img and diskboot.img keep the address of what they load (include/grub/i386/pc/boot.h in GRUB).
BOOT_KERNEL_SECTOR = 0x5C
DISKBOOT_KERNEL_SECTOR = 0x1F4
BOOT_CODE_END = 440


def install(disk, directory, enter, firmware):
    """Everything of GRUB that lies on the root filesystem; returns the files of the EFI system partition.

    A tree that has a menu keeps it, where Enterprise Linux has GRUB too.
    """
    platform = PLATFORMS[firmware]
    name = "grub2" if os.path.exists(f"{directory}/boot/grub2/grub.cfg") else "grub"
    place = f"/boot/{name}"
    os.makedirs(directory + place, exist_ok=True)
    enter("cp", "-r", f"/usr/lib/grub/{platform}", place)
    find = FIND.format(uuid=disk.boot_uuid, place=f"/{name}") if "boot" in disk.parts else FIND.format(uuid=disk.uuid, place=place)
    _write(f"{directory}{place}/early.cfg", find)
    core = f"{place}/{platform}/core." + ("efi" if firmware == "uefi" else "img")
    drivers = [] if firmware == "uefi" else ["biosdisk"]
    enter("grub-mkimage", "-O", platform, "-p", place, "-c", f"{place}/early.cfg", "-o", core, *MODULES, *drivers)
    if name == "grub":
        _write(f"{directory}/etc/default/grub", DEFAULTS)
        enter("update-grub")
    if firmware == "uefi":
        return {"/EFI/BOOT/BOOTX64.EFI": directory + core}
    _install_bios(disk, f"{directory}{place}/{platform}")
    return {}


def _install_bios(disk, modules):
    """Put boot.img into the master boot record and core.img into the partition, or the gap, behind it."""
    with open(f"{modules}/boot.img", "rb") as stream:
        boot = bytearray(stream.read(BOOT_CODE_END))
    with open(f"{modules}/core.img", "rb") as stream:
        core = bytearray(stream.read())
    place = disk.parts["bios"][0] if "bios" in disk.parts else SECTOR
    room = disk.parts["bios"][1] if "bios" in disk.parts else min(start for start, unused_size in disk.parts.values()) - SECTOR
    if len(core) > room:
        raise SystemExit(f"core.img has {len(core)} bytes, but there is room for {room} before the root filesystem")
    struct.pack_into("<Q", boot, BOOT_KERNEL_SECTOR, place // SECTOR)
    struct.pack_into("<Q", core, DISKBOOT_KERNEL_SECTOR, place // SECTOR + 1)
    disk.write(0, boot)
    disk.write(place, core)


def _write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
