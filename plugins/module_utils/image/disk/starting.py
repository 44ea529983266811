# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a disk starts on a machine that has never seen it: by BIOS, by UEFI, by UEFI with Secure Boot; read from its own bytes.

A new machine has no boot entries, so UEFI takes the path that the specification names for removable media (UEFI 3.5.1.1).
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.fat import Files, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run

ESP = {"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "ef"}
BOOT_CODE = 440
FALLBACK = "/EFI/BOOT/BOOTX64.EFI"
# What shim, which is there then, starts.
NEXT = "/EFI/BOOT/GRUBX64.EFI"
# Those in whose name the firmware of virtual machines accepts what is not Windows.
_AUTHORITIES = (b"Microsoft Corporation UEFI CA 2011", b"Microsoft UEFI CA 2023")


@dataclass(frozen=True)
class Starting:
    """``esp``: is there an EFI system partition, ``uefi``: with the fallback path, ``signed``: by somebody whom firmware trusts."""

    bios: bool
    esp: bool
    uefi: bool
    signed: bool

    def dump(self) -> dict[str, bool]:
        return {"bios": self.bios, "esp": self.esp, "uefi": self.uefi, "signed": self.signed}


def of(disk: str) -> Starting:
    """A raw disk, or a device; a bare filesystem starts in none of the ways."""
    esps = partitions(disk)
    if esps is None:
        return Starting(False, False, False, False)
    with open(disk, "rb") as stream:
        bios = any(stream.read(BOOT_CODE))
    fallbacks = [files for files in map(_files, esps) if files and files.read(FALLBACK)]
    return Starting(bios, bool(esps), bool(fallbacks), any(_chain_signed(files) for files in fallbacks))


def partitions(disk: str) -> list[Window] | None:
    """The EFI system partitions of a disk, or None where it has no partition table."""
    ran = run(["sfdisk", "--json", disk])
    if not ran.ok:
        return None
    table = json.loads(ran.out)["partitiontable"]
    sector = table.get("sectorsize", 512)
    return [
        Window(disk, entry["start"] * sector, entry["size"] * sector)
        for entry in table.get("partitions", [])
        if entry["type"].lower() in ESP
    ]


def of_running_system() -> Starting | None:
    """The disk that holds the root filesystem of this machine, or None where that is no partition of a disk."""
    number = os.stat("/").st_dev
    place = os.path.realpath(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if not os.path.exists(f"{place}/partition"):
        return None
    device = f"/dev/{os.path.basename(os.path.dirname(place))}"
    return of(device) if os.access(device, os.R_OK) else None


def _files(esp: Window) -> Files | None:
    try:
        return Files(esp)
    except (NotUnderstood, ImageError):
        return None


def _chain_signed(files: Files) -> bool:
    return chain_signed(files.read(FALLBACK) or b"", files.read(NEXT) or b"")


def chain_signed(first: bytes, second: bytes) -> bool:
    """Is the first program signed by an authority of the firmware, and the next by whom the first trusts?"""
    return any(name in signatures(first) for name in _AUTHORITIES) and bool(signatures(second))


def signatures(program: bytes) -> bytes:
    """The signatures that a program of UEFI carries (the certificate table of PE32+), nothing where it has none."""
    try:
        (header,) = struct.unpack_from("<I", program, 0x3C)
        if program[:2] != b"MZ" or program[header : header + 4] != b"PE\0\0":
            return b""
        optional = header + 24
        directories = optional + {0x10B: 96, 0x20B: 112}[struct.unpack_from("<H", program, optional)[0]]
        place, size = struct.unpack_from("<II", program, directories + 4 * 8)
    except (struct.error, KeyError):
        return b""
    return program[place : place + size] if place and size > 8 else b""
