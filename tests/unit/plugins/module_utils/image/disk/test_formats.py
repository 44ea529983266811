# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disks of other products, made by qemu-img; what it says of each is what we say."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats import vdi, vhd, vhdx, vmdk
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.recognition import recognise
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="needs qemu-img")

MIB = 1 << 20
MADE = {
    "sparse.vmdk": ("vmdk", "subformat=monolithicSparse"),
    "flat.vmdk": ("vmdk", "subformat=monolithicFlat"),
    "split.vmdk": ("vmdk", "subformat=twoGbMaxExtentSparse"),
    "split-flat.vmdk": ("vmdk", "subformat=twoGbMaxExtentFlat"),
    "stream.vmdk": ("vmdk", "subformat=streamOptimized"),
    "dynamic.vhd": ("vpc", "subformat=dynamic,force_size=on"),
    "fixed.vhd": ("vpc", "subformat=fixed,force_size=on"),
    "geometry.vhd": ("vpc", "subformat=dynamic"),
    "dynamic.vhdx": ("vhdx", "subformat=dynamic"),
    "fixed.vhdx": ("vhdx", "subformat=fixed"),
    "dynamic.vdi": ("vdi", "static=off"),
    "static.vdi": ("vdi", "static=on"),
    "disk.qcow2": ("qcow2", "compat=1.1"),
    "old.qcow2": ("qcow2", "compat=0.10"),
}
FORMATS = {"vpc": "vhd"}
PARTS = {"flat.vmdk": ["flat-flat.vmdk"], "split.vmdk": ["split-s001.vmdk"], "split-flat.vmdk": ["split-flat-f001.vmdk"]}


def call(*argv):
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """One disk in each format. Tests only read them."""
    place = tmp_path_factory.mktemp("formats")
    noise = random.Random(13)
    with open(place / "disk.raw", "wb") as stream:
        for at in (0, 3, 7):
            stream.seek(at * MIB + 4096)
            stream.write(noise.randbytes(70000))
        stream.truncate(8 * MIB)
    for name, (form, options) in MADE.items():
        call("qemu-img", "convert", "-f", "raw", "-O", form, "-o", options, place / "disk.raw", place / name)
    exported(place)
    return place


def exported(place):
    """A streamOptimized disk as VMware writes it, with the header that counts at its end."""
    content = bytearray((place / "stream.vmdk").read_bytes())
    end = b"".join([struct.pack("<QII", 1, 0, 3).ljust(512, b"\0"), content[:512], bytes(512)])
    content[56:64] = b"\xff" * 8
    (place / "exported.vmdk").write_bytes(content + end)


def copied(stock, name, place):
    """A copy of a disk with all of its files, to be changed."""
    for file in (name, *PARTS.get(name, [])):
        shutil.copy(stock / file, place / file)
    return place / name


@pytest.mark.parametrize("name", [*MADE, "exported.vmdk", "disk.raw"])
def test_a_disk_is_what_qemu_says_and_holds_the_same(stock, name):
    form = {**MADE, "exported.vmdk": ("vmdk",)}.get(name, ("raw",))[0]
    disk = inspection.inspect(str(stock / name))
    info = json.loads(call("qemu-img", "info", "--output=json", "-f", form, stock / name))
    assert (disk.format, disk.virtual_size) == (FORMATS.get(form, form), info["virtual-size"])
    assert disk.files == tuple(str(stock / file) for file in (name, *PARTS.get(name, [])))
    call("qemu-img", "compare", "-f", "raw", "-F", disk.node["driver"], stock / "disk.raw", inspection.name_for_qemu(disk.node))


def test_the_digest_is_over_all_files_as_sha256sum_tells_it(stock):
    disk = inspection.inspect(str(stock / "flat.vmdk"))
    listed = subprocess.run(
        "sha256sum flat.vmdk flat-flat.vmdk | sha256sum", shell=True, cwd=stock, capture_output=True, text=True, check=True
    )
    assert inspection.sha256_of_all(disk.files) == listed.stdout.split()[0]


def test_an_old_footer_of_511_bytes(stock, tmp_path):
    content = (stock / "fixed.vhd").read_bytes()
    (tmp_path / "old.vhd").write_bytes(content[:-1])
    disk = inspection.inspect(str(tmp_path / "old.vhd"))
    assert (disk.format, disk.virtual_size) == ("vhd", 8 * MIB)
    call("qemu-img", "compare", "-f", "raw", "-F", "raw", stock / "disk.raw", inspection.name_for_qemu(disk.node))


# -- what is refused ----------------------------------------------------------


def text(place, *extents, kind="monolithicFlat", more="", parent="ffffffff"):
    """A description that names extents."""
    lines = ["# Disk DescriptorFile", "version=1", "CID=12345678", f"parentCID={parent}", f'createType="{kind}"', more, *extents, ""]
    (place / "disk.vmdk").write_text("\n".join(lines))
    (place / "disk-flat.vmdk").write_bytes(bytes(MIB))
    return str(place / "disk.vmdk")


FLAT = 'RW 2048 FLAT "disk-flat.vmdk" 0'


@pytest.mark.parametrize(
    "extent,more,sentence",
    [
        ('RW 2048 FLAT "/etc/shadow" 0', {}, "names the file /etc/shadow, which is not in its own directory"),
        ('RW 2048 FLAT "../disk-flat.vmdk" 0', {}, "names the file ../disk-flat.vmdk, which is not in its own directory"),
        ('RW 2048 FLAT ".." 0', {}, "which is not in its own directory"),
        ('RW 2048 FLAT "link.vmdk" 0', {}, "link.vmdk is not a regular file: put the file itself there"),
        ('RW 2048 FLAT "none.vmdk" 0', {}, "none.vmdk cannot be read .No such file or directory.: copy the template with all"),
        ('RW 2048 FLAT "nbd:localhost" 0', {}, "nbd:localhost cannot be read"),
        ('RW 2048 FLAT "disk.vmdk" 0', {}, "names itself as its disk"),
        ('RW 4096 FLAT "disk-flat.vmdk" 0', {}, "it is smaller than its disk's description says"),
        ('RW 2048 FLAT "disk-flat.vmdk" 8', {}, "it is smaller than its disk's description says"),
        ('RW 2048 SPARSE "disk-flat.vmdk"', {"kind": "twoGbMaxExtentSparse"}, "its header is none that VMware writes"),
        ('RW 2048 SPARSE "disk-flat.vmdk"', {}, "has disk-flat.vmdk as SPARSE in a disk of the type monolithicFlat"),
        ("RW 2048 ZERO", {}, "describes its disk with the line 'RW 2048 ZERO', which is not understood"),
        ('RDONLY 2048 FLAT "disk-flat.vmdk" 0', {}, "which is not understood"),
        ('\vRW\v2048 FLAT "/etc/shadow" 0', {}, "which is not understood"),
        (f"{FLAT}\n{FLAT}", {}, "names disk-flat.vmdk twice"),
        ("", {}, "names 0 files"),
        (FLAT, {"parent": "0badcafe"}, "is the delta of another disk: consolidate its snapshots"),
        (FLAT, {"more": 'parentFileNameHint="/etc/shadow"'}, "is the delta of another disk, which it names"),
        (FLAT, {"kind": "vmfsSparse"}, "is the delta of another disk"),
        ('RW 2048 SESPARSE "disk-flat.vmdk"', {"kind": "seSparse"}, "is the delta of another disk"),
        ('RW 2048 VMFSRDM "disk-flat.vmdk"', {"kind": "vmfsRawDeviceMap"}, "describes a device of its host"),
        ('RW 2048 FLAT "\\\\.\\PhysicalDrive0" 0', {"kind": "fullDevice"}, "describes a device of its host"),
        (FLAT, {"kind": "custom"}, "describes a disk of the type custom that is not opened"),
        (FLAT, {"kind": "streamOptimized"}, "describes a disk of the type streamOptimized that is not opened"),
    ],
)
def test_a_description_that_names_more_than_its_disk(tmp_path, extent, more, sentence):
    os.symlink("/etc/shadow", tmp_path / "link.vmdk")
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(text(tmp_path, extent, **more))


@pytest.mark.parametrize("heading", ["version=1\n", "# no disk\n\n  version=2\n", "#\r\nversion=3\r\n", "  # disk descriptorfile\n"])
def test_what_qemu_takes_for_a_description_is_one(heading):
    assert vmdk.is_text(heading.encode())


def test_a_sparse_disk_whose_own_description_names_files(stock, tmp_path):
    """With a capacity of 0, qemu would open the files that the text inside names."""
    path = copied(stock, "sparse.vmdk", tmp_path)
    content = bytearray(path.read_bytes())
    content[12:20] = bytes(8)
    path.write_bytes(content)
    with pytest.raises(ImageError, match="tells of a disk of 0 sectors"):
        inspection.inspect(str(path))


def test_a_sparse_disk_with_a_parent(stock, tmp_path):
    call("qemu-img", "create", "-q", "-f", "vmdk", "-b", stock / "sparse.vmdk", "-F", "vmdk", tmp_path / "delta.vmdk")
    with pytest.raises(ImageError, match="is the delta of another disk"):
        inspection.inspect(str(tmp_path / "delta.vmdk"))


def vhd_checksum(footer):
    return struct.pack(">I", ~sum(footer[:64] + footer[68:]) & 0xFFFFFFFF)


@pytest.mark.parametrize(
    "name,at,value,sentence",
    [
        ("fixed.vhd", 60, struct.pack(">I", 4), "is the difference to another disk: merge it into its parent"),
        ("fixed.vhd", 60, struct.pack(">I", 3), "its beginning is missing"),
        ("fixed.vhd", 48, struct.pack(">Q", 4 * MIB), "its footer tells of a disk of 4194304 bytes, and 8388608 are there"),
        ("dynamic.vhd", 60, struct.pack(">I", 4), "is the difference to another disk"),
        ("dynamic.vhd", 60, struct.pack(">I", 2), "its header tells of a disk of the type 2"),
        ("dynamic.vhd", 48, struct.pack(">Q", 1 << 50), "blocks of 2097152 bytes for a disk of 1125899906842624"),
    ],
)
def test_a_vhd_whose_footer_says_otherwise(stock, tmp_path, name, at, value, sentence):
    path = copied(stock, name, tmp_path)
    content = bytearray(path.read_bytes())
    start = len(content) - 512 if name == "fixed.vhd" else 0
    content[start + at : start + at + len(value)] = value
    content[start + 64 : start + 68] = vhd_checksum(content[start : start + 512])
    path.write_bytes(content)
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(str(path))


@pytest.mark.parametrize(
    "name,at,value,sentence",
    [
        ("fixed.vhd", -100, b"x", "the checksum of its footer is wrong"),
        ("dynamic.vdi", 76, struct.pack("<I", 4), "is the difference to another disk"),
        ("dynamic.vdi", 440, b"x", "is the difference to another disk"),
        ("dynamic.vdi", 68, b"\2", "is of the unknown version 1.2"),
        ("dynamic.vhdx", (64 << 10) + 4, b"xxxx", None),
        ("exported.vmdk", 12, b"\0\0\0\1", "differs from that at its beginning"),
        ("exported.vmdk", -1524, b"\1", "its end is missing"),
    ],
)
def test_a_header_that_is_changed(stock, tmp_path, name, at, value, sentence):
    path = copied(stock, name, tmp_path)
    content = bytearray(path.read_bytes())
    at %= len(content)
    content[at : at + len(value)] = value
    path.write_bytes(content)
    if sentence is None:  # the other header is sound
        assert inspection.inspect(str(path)).format == "vhdx"
        return
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(str(path))


def test_a_vhdx_that_differs_from_a_parent(stock, tmp_path):
    path = copied(stock, "dynamic.vhdx", tmp_path)
    content = bytearray(path.read_bytes())
    parameters = content.index(struct.pack("<I", 8 * MIB), 2 * MIB)
    content[parameters + 4] |= 2
    path.write_bytes(content)
    with pytest.raises(ImageError, match="is the difference to another disk: merge it into its parent with 'Merge-VHD'"):
        inspection.inspect(str(path))


def test_a_vhdx_that_was_not_closed(stock, tmp_path):
    """A writer that is killed leaves its log, which only who may write can play back."""
    path = copied(stock, "dynamic.vhdx", tmp_path)
    subprocess.run(["qemu-io", "-f", "vhdx", "-c", "write -P 7 5M 64k", "-c", "sigraise 9", str(path)], capture_output=True, check=False)
    try:
        inspection.inspect(str(path))
    except ImageError as problem:
        assert "was not closed cleanly, so that its log must be played back" in str(problem)


@pytest.mark.parametrize("name", [name for name in MADE if "qcow2" not in name])
def test_a_disk_that_ends_early(stock, tmp_path, name):
    path = copied(stock, name, tmp_path)
    last = tmp_path / (PARTS.get(name, [name])[-1])
    os.truncate(last, os.path.getsize(last) // 2)
    if name == "fixed.vhd":  # without its footer it is a raw disk like any other
        assert inspection.inspect(str(path)).format == "raw"
        return
    with pytest.raises(ImageError):
        inspection.inspect(str(path))


def test_the_checksum_of_vhdx_is_the_known_one():
    assert vhdx.crc32c(b"123456789") == 0xE3069283


# -- mutations ----------------------------------------------------------------

# Where the headers of each format lie, for a change to hit something.
HEADERS = {
    "sparse.vmdk": [(0, 96), (512, 600), (10240, 400)],
    "stream.vmdk": [(0, 96), (512, 600)],
    "exported.vmdk": [(0, 96), (512, 600), (-1536, 20), (-1024, 96)],
    "flat.vmdk": [(0, 400)],
    "split.vmdk": [(0, 400)],
    "dynamic.vhd": [(0, 1600), (1536, 64)],
    "fixed.vhd": [(-512, 100)],
    "dynamic.vhdx": [(64 << 10, 90), (128 << 10, 90), (192 << 10, 100), (256 << 10, 100), (2 * MIB, 260), (2 * MIB + (64 << 10), 64)],
    "dynamic.vdi": [(64, 400), (512, 64)],
}
INTERESTING = [b"\0", b"\xff", b"\x7f", b"\x80", b"\1", bytes(8), b"\xff" * 8, b"\xff\xff\xff\x7f", b'"', b"\n", b"/"]


def mutated(noise, content, headers):
    """A header with one to four changes, its checksum corrected where a format has one."""
    changed = bytearray(content)
    for unused_change in range(noise.randint(1, 4)):
        start, length = noise.choice(headers)
        at = (start % len(changed)) + noise.randrange(length)
        value = noise.choice([noise.choice(INTERESTING), noise.randbytes(noise.choice((1, 2, 4, 8)))])
        changed[at : at + len(value)] = value[: len(changed) - at]
    if noise.random() < 0.2:
        del changed[noise.randrange(len(changed)) :]
    return with_checksum(changed)


def with_checksum(changed):
    for start in (0, len(changed) - 512):
        if changed[start : start + 8] == vhd.COOKIE:
            changed[start + 64 : start + 68] = vhd_checksum(changed[start : start + 512])
    if changed[512:520] == b"cxsparse":
        changed[548:552] = struct.pack(">I", ~(sum(changed[512:1536]) - sum(changed[548:552])) & 0xFFFFFFFF)
    if changed.startswith(vhdx.MAGIC):
        for start, size in ((64 << 10, 4096), (128 << 10, 4096), (192 << 10, 65536), (256 << 10, 65536)):
            part = changed[start : start + size]
            if len(part) == size:
                changed[start + 4 : start + 8] = struct.pack("<I", vhdx.crc32c(bytes(part[:4]) + bytes(4) + bytes(part[8:])))
    return changed


def looked_at(path):
    """The look at a file without qemu: the sentence, or nothing."""
    try:
        disk = Window.whole(str(path))
        inspection._parts(recognise(disk), disk)
    except ImageError as problem:
        return str(problem)
    return ""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", list(HEADERS))
def test_mutated_headers(stock, tmp_path, name):
    """One sentence, or a disk that qemu reads or refuses without opening anything else; never anything worse."""
    noise = random.Random(name)
    content = (stock / name).read_bytes()
    path = copied(stock, name, tmp_path)
    accepted = []
    for number in range(60):
        path.write_bytes(mutated(noise, content, HEADERS[name]))
        sentence = looked_at(path)
        assert "\n" not in sentence and len(sentence) < 600
        if not sentence:
            accepted.append(number)
        if not sentence and len(accepted) <= 3:
            checked_by_qemu(path)
    assert len(accepted) < 60


def checked_by_qemu(path):
    """What qemu is asked about by us too; it ends, and names no file of another directory."""
    try:
        disk = inspection.inspect(str(path))
    except ImageError as problem:
        assert "\n" not in str(problem)
        return
    assert all(Path(file).parent == path.parent for file in disk.files)


def test_the_tables_of_a_header_are_bounded(tmp_path):
    """A header of 512 bytes in a file with a hole of a terabyte does not make us read that."""
    path = tmp_path / "huge.vdi"
    with open(path, "wb") as stream:
        stream.truncate(1 << 40)
        stream.seek(0)
        stream.write(
            struct.pack(
                vdi._HEADER,
                b"",
                vdi.SIGNATURE,
                0x10001,
                0x190,
                1,
                0,
                b"",
                512,
                1024,
                0,
                0,
                0,
                512,
                0,
                1 << 50,
                MIB,
                0,
                1 << 30,
                0,
                *[bytes(16)] * 4,
            )
        )
    assert "its table of blocks is longer than any" in looked_at(path)
