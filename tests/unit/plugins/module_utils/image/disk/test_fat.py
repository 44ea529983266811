# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of FAT filesystems, against what mkfs.vfat and mtools make."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.fat import Files, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import which

MIB = 1 << 20
LOADER = bytes(range(256)) * 777 + b"end"


@pytest.fixture(params=[("12", 4), ("16", 40), ("32", 300)], ids=["fat12", "fat16", "fat32"])
def esp(request, tmp_path):
    if not which("mkfs.vfat") or not which("mcopy"):
        pytest.skip("dosfstools and mtools are not installed on this machine")
    width, size = request.param
    disk, loader = tmp_path / "esp", tmp_path / "loader"
    loader.write_bytes(LOADER)
    with open(disk, "wb") as stream:
        stream.truncate(size * MIB)
    subprocess.run([which("mkfs.vfat"), "-F", width, "-n", "EFI", disk], check=True, stdout=subprocess.DEVNULL)
    environ = {**os.environ, "MTOOLS_SKIP_CHECK": "1"}
    for command in (["mmd", "::/EFI"], ["mmd", "::/EFI/BOOT"], ["mmd", "::/EFI/almalinux"], ["mcopy", loader, "::/EFI/BOOT/BOOTX64.EFI"]):
        subprocess.run([command[0], "-i", disk, *command[1:]], check=True, env=environ)
    return disk


def window(path):
    return Window(str(path), 0, os.path.getsize(path))


def test_a_file_is_read_as_it_was_copied(esp):
    files = Files(window(esp))
    assert files.read("/EFI/BOOT/BOOTX64.EFI") == files.read("/efi/boot/bootx64.efi") == LOADER
    assert [files.read(path) for path in ("/EFI/BOOT/GRUBX64.EFI", "/EFI", "/EFI/BOOT/BOOTX64.EFI/x", "/none/x")] == [None] * 4


def test_the_names_are_those_of_the_directory(esp):
    files = Files(window(esp))
    assert files.names("/") == ["EFI"]
    assert files.names("/EFI/BOOT") == [".", "..", "BOOTX64.EFI"]


def test_a_circle_of_clusters_ends(esp):
    with open(esp, "r+b") as stream:
        data = bytearray(stream.read())
        layout = Files(window(esp))._layout
        data[layout.table : layout.table + layout.table_size] = b"\x02\x00" * (layout.table_size // 2)
        stream.seek(0)
        stream.write(data)
    Files(window(esp)).read("/EFI/BOOT/BOOTX64.EFI")


@pytest.mark.parametrize("data", [bytes(4096), b"\xff" * 4096, bytes(510) + b"\x55\xaa" + bytes(4096)])
def test_what_is_no_filesystem_is_reported(data, tmp_path):
    path = tmp_path / "esp"
    path.write_bytes(data)
    with pytest.raises(NotUnderstood):
        Files(window(path))
