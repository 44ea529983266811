# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disks with NTFS as mkntfs and ntfs-3g write them: what reads them in the collection has no part in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
from pathlib import Path

MIB = 1 << 20
# FILE_ATTRIBUTE_COMPRESSED with FILE_ATTRIBUTE_DIRECTORY, as ntfs-3g takes it.
COMPRESSED = bytes.fromhex("00000810")


def volume(path, size=48 * MIB):
    """An empty NTFS volume in a file."""
    with open(path, "wb") as stream:
        stream.truncate(size)
    subprocess.run(["mkntfs", "--force", "--fast", "--quiet", path], check=True, capture_output=True)
    return path


@contextlib.contextmanager
def mounted(path):
    """A volume as a directory of this machine, by ntfs-3g in user space."""
    place = Path(f"{path}.mounted")
    place.mkdir()
    subprocess.run(["ntfs-3g", "-o", "compression,streams_interface=windows", path, place], check=True, capture_output=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)
        place.rmdir()


def fill(root, content):
    """Write files, by their paths in Windows, a stream behind a colon."""
    for path, data in content.items():
        place = root.joinpath(*path.split("\\"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def compress(directory):
    """Whatever is written into a directory from now on is compressed."""
    directory.mkdir(parents=True, exist_ok=True)
    os.setxattr(directory, "system.ntfs_attrib_be", COMPRESSED)


def gpt(path, volumes, types=()):
    """A disk with volumes on GPT partitions of 1 MiB alignment; ``types`` are those of the partitions, basic data by default."""
    sizes = [os.path.getsize(each) for each in volumes]
    with open(path, "wb") as stream:
        stream.truncate(sum(sizes) + 3 * MIB)
    kinds = [*types, *["EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"] * (len(volumes) - len(types))]
    table = "label: gpt\n" + "".join(f"size={size // 512}, type={kind}\n" for size, kind in zip(sizes, kinds))
    subprocess.run(["sfdisk", "--quiet", path], input=table, text=True, check=True, capture_output=True)
    return _filled(path, volumes, sizes)


def mbr(path, volumes):
    """The same with a master boot record."""
    sizes = [os.path.getsize(each) for each in volumes]
    with open(path, "wb") as stream:
        stream.truncate(sum(sizes) + 3 * MIB)
    table = "label: dos\n" + "".join(f"size={size // 512}, type=7\n" for size in sizes)
    subprocess.run(["sfdisk", "--quiet", path], input=table, text=True, check=True, capture_output=True)
    return _filled(path, volumes, sizes)


def _filled(path, volumes, sizes):
    at = MIB
    with open(path, "r+b") as stream:
        for each, size in zip(volumes, sizes):
            stream.seek(at)
            with open(each, "rb") as source:
                shutil.copyfileobj(source, stream)
            at += size
    return path


def system_disk(directory, content, size=48 * MIB):
    """A disk with a Windows on its second partition, behind one of Microsoft's reserved."""
    reserved, holder = directory / "reserved", volume(directory / "volume", size)
    reserved.write_bytes(bytes(MIB))
    with mounted(holder) as root:
        fill(root, content)
    return gpt(directory / "windows.raw", [reserved, holder], ["E3C9E316-0B5C-4DB8-817D-F92DF00215AE"])


def dirty(path):
    """Mark the volume in a file as not shut down cleanly, in the flags of $Volume."""
    with open(path, "r+b") as stream:
        boot = stream.read(512)
        cluster = boot[13] * struct.unpack_from("<H", boot, 11)[0]
        at = struct.unpack_from("<Q", boot, 48)[0] * cluster + 3 * 1024
        stream.seek(at)
        record = bytearray(stream.read(1024))
        place = struct.unpack_from("<H", record, 20)[0]
        while struct.unpack_from("<I", record, place)[0] != 0x70:
            place += struct.unpack_from("<I", record, place + 4)[0]
        flags = place + struct.unpack_from("<H", record, place + 20)[0] + 10
        record[flags] |= 1
        stream.seek(at)
        stream.write(record)
