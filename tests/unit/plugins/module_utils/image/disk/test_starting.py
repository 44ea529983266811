# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How disks start that sfdisk, mkfs.vfat and mtools have made."""

from __future__ import annotations

import os
import struct
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import starting
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import which

MIB = 1 << 20
TABLES = {
    "gpt with esp": "label: gpt\nstart=2048, size=8192, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n",
    "gpt without": "label: gpt\nstart=2048, size=8192, type=21686148-6449-6E6F-744E-656564454649\n",
    "mbr with esp": "label: dos\nstart=2048, size=8192, type=ef\n",
}


def program(signature=b""):
    """The head of a 64-bit program of UEFI, with a certificate table where it is signed."""
    head = bytearray(1024)
    head[:2], head[0x80:0x84] = b"MZ", b"PE\0\0"
    struct.pack_into("<I", head, 0x3C, 0x80)
    struct.pack_into("<H", head, 0x80 + 24, 0x20B)
    struct.pack_into("<II", head, 0x80 + 24 + 112 + 32, 1024 if signature else 0, len(signature))
    return bytes(head) + signature


SHIM = program(bytes(8) + b"Microsoft Corporation UEFI CA 2011")
GRUB = program(bytes(8) + b"Debian Secure Boot CA")


@pytest.fixture
def disk(tmp_path):
    if not which("sfdisk") or not which("mcopy"):
        pytest.skip("fdisk and mtools are not installed on this machine")

    def make(table, files=(), code=b""):
        path = tmp_path / "disk"
        with open(path, "wb") as stream:
            stream.truncate(8 * MIB)
        if table:
            subprocess.run([which("sfdisk"), "--quiet", path], input=TABLES[table], text=True, check=True)
        if code:
            with open(path, "r+b") as stream:
                stream.write(code)
        if files:
            esp = tmp_path / "esp"
            with open(esp, "wb") as stream:
                stream.truncate(4 * MIB)
            subprocess.run([which("mkfs.vfat"), esp], check=True, stdout=subprocess.DEVNULL)
            for directory in ("::/EFI", "::/EFI/BOOT"):
                subprocess.run(["mmd", "-i", esp, directory], check=True)
            for name, content in dict(files).items():
                (tmp_path / "file").write_bytes(content)
                subprocess.run(["mcopy", "-i", esp, tmp_path / "file", f"::/EFI/BOOT/{name}"], check=True)
            with open(path, "r+b") as stream:
                stream.seek(MIB)
                stream.write(esp.read_bytes())
        return starting.of(str(path)).dump()

    return make


@pytest.mark.parametrize("table", ["gpt with esp", "mbr with esp"])
@pytest.mark.parametrize(
    "files,uefi,signed",
    [
        ({}, False, False),
        ({"GRUBX64.EFI": GRUB}, False, False),
        ({"BOOTX64.EFI": program()}, True, False),
        ({"BOOTX64.EFI": SHIM, "GRUBX64.EFI": GRUB}, True, True),
        ({"BOOTX64.EFI": SHIM, "GRUBX64.EFI": program()}, True, False),
        ({"BOOTX64.EFI": GRUB, "GRUBX64.EFI": GRUB}, True, False),
        ({"BOOTX64.EFI": SHIM}, True, False),
    ],
)
def test_uefi_needs_the_path_that_it_takes_without_boot_entries(disk, table, files, uefi, signed):
    assert disk(table, files) == {"bios": False, "esp": True, "uefi": uefi, "signed": signed}


def test_bios_needs_boot_code(disk):
    assert disk("gpt without", code=b"\xeb\x63") == {"bios": True, "esp": False, "uefi": False, "signed": False}
    assert disk("gpt without") == {"bios": False, "esp": False, "uefi": False, "signed": False}


def test_a_bare_filesystem_starts_in_no_way(disk):
    assert not any(disk("").values())


@pytest.mark.parametrize("content", [b"", b"MZ", b"MZ" + bytes(58) + b"\xff" * 8, os.urandom(64)])
def test_what_is_no_program_carries_no_signature(content):
    assert starting.signatures(content) == b""
