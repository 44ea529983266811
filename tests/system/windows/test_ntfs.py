# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NTFS volumes of ntfs-3g are read as they were written, and damaged ones end in one sentence."""

from __future__ import annotations

import hashlib
import random
import shutil
import struct
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.windows import template
from ansible_collections.hygeia.golden.plugins.module_utils.windows.disk import image, partitions
from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.volume import Volume
from ansible_collections.hygeia.golden.plugins.module_utils.windows.reading import Memory, RawFile
from ansible_collections.hygeia.golden.tests.windows import disks

MOST = 8 << 20


def test_every_file_and_stream_is_what_was_written(volume, content):
    found = Volume(RawFile(str(volume)), "a volume")
    for path, data in content.items():
        where, unused, stream = path.partition(":")
        assert found.open(where.upper(), stream).all(MOST) == data, path
    assert found.read("holes", MOST) == bytes(3 << 20) + b"the end"
    listed = {entry.name for entry in found.listed("windows\\SYSTEM32")}
    assert listed == {path.rpartition("\\")[2] for path in content if path.startswith("Windows\\System32\\")}
    assert found.streams(found.find("users\\jörg\\übergröe.TXT")) == ["Zone.Identifier"]
    assert found.find("Windows\\nothing") is None and found.listed("Windows\\nothing") == [] and found.open("Windows") is None
    assert not found.dirty


@pytest.mark.parametrize(("at", "count"), [(0, 1), (4095, 2), (65530, 20), (100_000, 5000)])
def test_a_part_of_a_compressed_file_is_that_part(volume, content, at, count):
    stream = Volume(RawFile(str(volume)), "a volume").open("packed\\text")
    assert stream.read(at, count) == content["packed\\text"][at : at + count]
    with pytest.raises(Unreadable, match="behind its end"):
        stream.read(stream.size - 1, 2)


def test_a_volume_that_was_cut_off_is_dirty(volume, tmp_path):
    shutil.copy(volume, tmp_path / "volume")
    disks.dirty(tmp_path / "volume")
    assert Volume(RawFile(str(tmp_path / "volume")), "a volume").dirty


# -- disks ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [disks.gpt, disks.mbr])
@pytest.mark.parametrize("form", ["raw", "qcow2", "vmdk", "vhdx", "vpc", "vdi"])
def test_a_disk_is_read_in_every_format(volume, content, tmp_path, table, form):
    raw = table(tmp_path / "disk.raw", [volume])
    path = raw
    if form != "raw":
        path = tmp_path / f"disk.{form}"
        subprocess.run(["qemu-img", "convert", "-O", form, raw, path], check=True)
    before = hashlib.sha256(path.read_bytes()).digest()
    with image.opened(inspection.inspect(str(path))) as disk:
        (found,) = partitions.read(disk)
        assert (found.number, found.holds) == (1, "NTFS")
        assert Volume(found.part, "a volume").read("packed\\text", MOST) == content["packed\\text"]
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_a_guid_table_whose_beginning_is_gone_is_read_from_its_copy(volume, tmp_path):
    disk = disks.gpt(tmp_path / "disk.raw", [volume])
    with open(disk, "r+b") as stream:
        stream.seek(512)
        stream.write(bytes(512))
    assert [each.holds for each in partitions.read(RawFile(str(disk)))] == ["NTFS"]


def test_logical_partitions_are_found(volume, tmp_path):
    disk, size = tmp_path / "disk.raw", volume.stat().st_size // 512
    with open(disk, "wb") as stream:
        stream.truncate((size + 16384) * 512)
    table = f"label: dos\nstart=2048, size={size + 8192}, type=f\nstart=4096, size={size}, type=7\n"
    subprocess.run(["sfdisk", "--quiet", disk], input=table, text=True, check=True)
    with open(disk, "r+b") as stream:
        stream.seek(4096 * 512)
        stream.write(volume.read_bytes())
    assert [(each.number, each.holds) for each in partitions.read(RawFile(str(disk)))] == [(5, "NTFS")]


@pytest.mark.parametrize(
    ("signature", "sentence"),
    [
        (b"-FVE-FS-", "is encrypted with BitLocker: decrypt it"),
        (b"ReFS\0\0\0\0", "holds ReFS, from which no system is read"),
        (b"NTFS    ", "partition 1 of .* is damaged, its boot sector is none"),
        (b"\0" * 8, "holds no Windows"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, signature, sentence):
    (tmp_path / "volume").write_bytes(b"\xeb\x52\x90" + signature + bytes((2 << 20) - 11))
    disk = disks.gpt(tmp_path / "disk.raw", [tmp_path / "volume"])
    with pytest.raises(Unreadable, match=sentence), template.opened(inspection.inspect(str(disk))):
        pass


def test_storage_spaces_are_known_by_their_partition(tmp_path):
    (tmp_path / "volume").write_bytes(bytes(2 << 20))
    disk = disks.gpt(tmp_path / "disk.raw", [tmp_path / "volume"], ["E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D"])
    with pytest.raises(Unreadable, match="partition 1 belongs to Storage Spaces"), template.opened(inspection.inspect(str(disk))):
        pass


# -- damage -----------------------------------------------------------------------------


class Damaged:
    """A volume with other bytes at some places."""

    name = "a volume"

    def __init__(self, whole, changes):
        self.whole, self.changes, self.size = Memory(whole, "a volume"), changes, len(whole)

    def read(self, at, count):
        found = bytearray(self.whole.read(at, count))
        for place, byte in self.changes.items():
            if at <= place < at + count:
                found[place - at] = byte
        return bytes(found)


def everything(disk):
    """Look at all directories of a volume, and at some of its files."""
    volume, pending, seen = Volume(disk, "a volume"), [""], 0
    while pending and seen < 60:
        directory = pending.pop()
        for entry in volume.listed(directory)[:60]:
            seen += 1
            path = f"{directory}\\{entry.name}".lstrip("\\")
            if entry.directory and not entry.name.startswith("$") and entry.name != ".":
                pending.append(path)
            elif stream := volume.open(path):
                stream.read(0, min(stream.size, 70_000))
            volume.streams(entry)


def test_300_damaged_volumes_are_read_or_end_in_one_sentence(volume):
    whole = volume.read_bytes()
    cluster = whole[13] * struct.unpack_from("<H", whole, 11)[0]
    table = struct.unpack_from("<Q", whole, 48)[0] * cluster
    interesting = [0, *(table + number * 1024 for number in (0, 0, 0, 3, 5, 5, *range(64, 80)))]
    ended = 0
    for seed in range(300):
        chance, changes = random.Random(seed), {}
        for unused in range(chance.randint(1, 4)):
            at = chance.choice(interesting) + chance.randrange(0, 510)
            value = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
            changes.update(dict.fromkeys(range(at, at + chance.choice([1, 1, 4, 8])), value))
        try:
            everything(Damaged(whole, changes))
        except Unreadable as problem:
            ended += 1
            sentence = str(problem)
            assert "\n" not in sentence and ": " in sentence and " " in sentence.partition(": ")[0]
    assert 60 < ended < 300
