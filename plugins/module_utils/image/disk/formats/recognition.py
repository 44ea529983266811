# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which format a file has, by its own bytes: neither its name nor qemu's guess is believed."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats import archive, ovf, vdi, vhd, vhdx, vmdk
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

QCOW2, RAW, VMDK, VHD, VHDX, VDI, OVA, OVF = "qcow2", "raw", "vmdk", "vhd", "vhdx", "vdi", "ova", "ovf"
# What is unpacked before it is opened, by the program that does it.
PACKED = {"xz": b"\xfd7zXZ\0", "zstd": b"\x28\xb5\x2f\xfd", "gzip": b"\x1f\x8b"}
_MAGIC = (
    (0, b"QFI\xfb", QCOW2),
    (0, vmdk.SPARSE, VMDK),
    (0, vmdk.OLD_SPARSE, VMDK),
    (0, vhd.COOKIE, VHD),
    (0, vhdx.MAGIC, VHDX),
    (vdi.SIGNATURE_AT, vdi.SIGNATURE, VDI),
    (archive.MAGIC_AT, archive.MAGIC, OVA),
    *((0, magic, program) for program, magic in PACKED.items()),
)
_CONVERT = "convert it with 'qemu-img convert -O qcow2' first"
# What would look like a raw disk, or what qemu knows and we do not open.
_REFUSED = (
    (0, b"BZh", "is compressed with bzip2 and no disk image", "unpack it with 'bunzip2' first"),
    (0, b"PK\x03\x04", "is a zip file and no disk image", "unpack it with 'unzip' first"),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7z archive and no disk image", "unpack it with '7z x' first"),
    (0, b"QED\0", "has the format qed", _CONVERT),
    (0, b"WithoutFreeSpace", "has the format parallels", _CONVERT),
    (0, b"WithouFreSpacExt", "has the format parallels", _CONVERT),
    (0, b"Bochs Virtual HD Image", "has the format bochs", _CONVERT),
)


def recognise(disk: Window) -> str:
    """The format, or the name of the program that unpacks the file."""
    if not disk.size:
        raise ImageError(f"{disk.path} is an empty file: copy the template anew")
    start = disk.read(0, min(4096, disk.size))
    for at, magic, form in _MAGIC:
        if start.startswith(magic, at):
            return form
    for at, magic, what, cure in _REFUSED:
        if start.startswith(magic, at):
            raise disk.refused(what, cure)
    if vmdk.is_text(start):
        return VMDK
    if ovf.is_description(start):
        return OVF
    if vhd.footer_length(disk):
        return VHD
    if disk.size >= SECTOR and disk.read(disk.size - SECTOR, 4) == b"koly":
        raise disk.refused("has the format dmg", _CONVERT)
    return RAW
