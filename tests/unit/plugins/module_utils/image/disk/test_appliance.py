# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""OVA and OVF: the disk is found, the machine is described, the digests are checked, and nothing else is read."""

from __future__ import annotations

import io
import random
import shutil
import struct
import subprocess
import tarfile

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.tests.templates import appliance

pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="needs qemu-img")

MIB = 1 << 20
MACHINE = {"firmware": "efi", "controller": "pvscsi", "network": "vmxnet3", "hardware": "vmx-19"}


def call(*argv):
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    path = tmp_path_factory.mktemp("appliance") / "disk.raw"
    path.write_bytes(random.Random(13).randbytes(70000).ljust(MIB, b"\0"))
    return path


@pytest.fixture(scope="module")
def vmdk(raw):
    call("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, raw.with_name("disk.vmdk"))
    return raw.with_name("disk.vmdk").read_bytes()


def same(raw, disk):
    call("qemu-img", "compare", "-f", "raw", "-F", disk.node["driver"], raw, inspection.name_for_qemu(disk.node))
    return True


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("kind", ["SHA1", "SHA256", "SHA512", ""])
def test_the_disk_in_an_ova_is_read_in_place(tmp_path, raw, vmdk, kind, form):
    path = appliance.ova(tmp_path / "web.ova", appliance.files(vmdk, kind), form)
    disk = inspection.inspect(str(path))
    assert (disk.format, disk.virtual_size, disk.files, disk.machine) == ("ova", MIB, (str(path),), MACHINE)
    assert disk.summary["machine"] == MACHINE
    assert same(raw, disk)


def test_an_ova_as_gnu_tar_makes_it(tmp_path, raw, vmdk):
    long = "a-" + "very-" * 22 + "long-name.vmdk"
    for name, content in appliance.files(vmdk, name=long).items():
        (tmp_path / name).write_bytes(content)
    call("sh", "-c", f"cd {tmp_path} && tar -cf web.ova ./web.ovf ./web.mf ./{long}")
    assert same(raw, inspection.inspect(str(tmp_path / "web.ova")))


@pytest.mark.parametrize(
    "form,options", [("vhdx", "subformat=dynamic"), ("vpc", "subformat=fixed,force_size=on"), ("raw", ""), ("vdi", "static=off")]
)
def test_an_ova_with_a_disk_of_another_format(tmp_path, raw, form, options):
    call("qemu-img", "convert", "-f", "raw", "-O", form, *(["-o", options] if options else []), raw, tmp_path / "disk")
    path = appliance.ova(tmp_path / "web.ova", appliance.files((tmp_path / "disk").read_bytes()))
    assert same(raw, inspection.inspect(str(path)))


def test_an_ovf_with_its_disk_beside_it(tmp_path, raw):
    call("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", raw, tmp_path / "web-disk1.vmdk")
    for name, content in appliance.files((tmp_path / "web-disk1.vmdk").read_bytes()).items():
        (tmp_path / name).write_bytes(content)
    disk = inspection.inspect(str(tmp_path / "web.ovf"))
    assert disk.files == tuple(str(tmp_path / name) for name in ("web.ovf", "web.mf", "web-disk1.vmdk", "web-disk1-flat.vmdk"))
    assert (disk.format, disk.machine) == ("ovf", MACHINE)
    assert same(raw, disk)


@pytest.mark.parametrize("order", [["a.vmdk", "b.vmdk", "c.vmdk"], ["c.vmdk", "a.vmdk", "b.vmdk"]])
def test_the_disks_of_an_ova_are_in_the_order_of_their_places(tmp_path, raw, vmdk, order):
    disks = {}
    for size, name in enumerate(("a.vmdk", "b.vmdk", "c.vmdk"), 1):
        (tmp_path / "more").write_bytes(raw.read_bytes().ljust(size * MIB, b"\0"))
        call("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", tmp_path / "more", tmp_path / name)
        disks[name] = (tmp_path / name).read_bytes()
    path = appliance.ova(tmp_path / "web.ova", appliance.several(disks, order))
    found = inspection.inspect_all(str(path))
    assert [disk.virtual_size // MIB for disk in found] == [list(disks).index(name) + 1 for name in order]
    assert {disk.files for disk in found} == {(str(path),)}
    assert [disk.machine for disk in found] == [MACHINE] * 3
    with pytest.raises(ImageError, match="web.ova holds 3 disks where one is asked for: name a file of one disk"):
        inspection.inspect(str(path))


def test_an_ova_of_more_disks_than_a_controller_takes(tmp_path, vmdk):
    names = [f"{number}.vmdk" for number in range(16)]
    path = appliance.ova(tmp_path / "web.ova", appliance.several(dict.fromkeys(names, vmdk), names))
    with pytest.raises(ImageError, match="describes 16 disks, and a template has between one and 15"):
        inspection.inspect_all(str(path))


def test_an_ovf_with_several_disks_beside_it(tmp_path, vmdk):
    for name, content in appliance.several({"a.vmdk": vmdk, "b.vmdk": vmdk}, ["b.vmdk", "a.vmdk"]).items():
        (tmp_path / name).write_bytes(content)
    found = inspection.inspect_all(str(tmp_path / "web.ovf"))
    assert [disk.node["file"]["filename"] for disk in found] == [str(tmp_path / name) for name in ("b.vmdk", "a.vmdk")]
    assert {disk.files for disk in found} == {tuple(str(tmp_path / name) for name in ("web.ovf", "web.mf", "b.vmdk", "a.vmdk"))}


def test_the_names_of_a_machine_are_words(tmp_path, vmdk):
    path = appliance.ova(tmp_path / "web.ova", appliance.files(vmdk, controller="{{ lookup('pipe', 'id') }}"))
    assert inspection.inspect(str(path)).machine["controller"] == ""


@pytest.mark.parametrize(
    "change,sentence",
    [
        ({"disk": b"changed"}, "web-disk1.vmdk has not the SHA256 that its manifest tells"),
        ({"ovf": lambda text: text + b"<!-- -->"}, "web.ovf has not the SHA256 that its manifest tells"),
        ({"mf": b"SHA256(web.ovf)= 00"}, "web.ovf has not the SHA256"),
        ({"mf": b""}, "has a manifest without web-disk1.vmdk and web.ovf"),
        ({"mf": b"MD5(web.ovf)= 00"}, "has the line 'MD5.web.ovf.= 00' in its manifest, which is not understood"),
        ({"mf": b"SHA256(/etc/shadow)= 00"}, "names /etc/shadow, which it does not hold"),
        ({"kind": "", "changes": {"name": "../disk.vmdk"}}, "holds ../disk.vmdk, which is not in its own directory"),
        ({"kind": "", "missing": "web-disk1.vmdk"}, "names web-disk1.vmdk, which it does not hold"),
        ({"kind": "", "changes": {"file": 'ovf:compression="gzip"'}}, "has web-disk1.vmdk compressed or in chunks"),
        ({"kind": "", "changes": {"file": 'ovf:chunkSize="1000"'}}, "has web-disk1.vmdk compressed or in chunks"),
        ({"kind": "", "changes": {"disks": '<Disk ovf:diskId="vmdisk2" ovf:fileRef="file1"/>'}}, "has two disks in one file"),
        ({"kind": "", "changes": {"attributes": 'ovf:parentRef="vmdisk0"'}}, "describes the delta of another disk"),
        (
            {"kind": "", "ovf": lambda text: text.replace(b"<Envelope", b"<!DOCTYPE x [<!ENTITY a SYSTEM '/etc/shadow'>]><Envelope")},
            "declares a document type",
        ),
        ({"kind": "", "ovf": lambda text: text[:-20]}, "its description is cut off or no XML"),
        ({"kind": "", "ovf": lambda text: text.replace(b"UTF-8", b"none")}, "its description is cut off or no XML"),
        ({"kind": "", "ovf": lambda text: text.replace(b"<Info>", b"<a>" * 100)}, "its description is deeper than any"),
        ({"kind": "", "ovf": lambda text: text.replace(b'fileRef="file1"', b'fileRef="file2"')}, "it names no file for its disk"),
        ({"kind": "", "missing": "web.ovf"}, "is a tar archive without an OVF, and no disk image: unpack it with 'tar -xf'"),
    ],
)
def test_an_ova_that_is_not_one_whole_disk(tmp_path, vmdk, change, sentence):
    files = appliance.files(vmdk, change.get("kind", "SHA256"), **change.get("changes", {}))
    for name, key in (("web.ovf", "ovf"), ("web.mf", "mf"), ("web-disk1.vmdk", "disk")):
        if key in change:
            files[name] = change[key](files[name]) if callable(change[key]) else change[key]
    files.pop(change.get("missing"), None)
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(str(appliance.ova(tmp_path / "web.ova", files)))


def test_a_disk_in_an_ova_that_names_files(tmp_path):
    text = b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 1 FLAT "web.ovf" 0\n'.ljust(512)
    with pytest.raises(ImageError, match="names other files as its disk"):
        inspection.inspect(str(appliance.ova(tmp_path / "web.ova", appliance.files(text))))


def test_a_link_in_an_ova(tmp_path, vmdk):
    path = appliance.ova(tmp_path / "web.ova", appliance.files(vmdk))
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("more.vmdk")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        archive.addfile(link, io.BytesIO())
    with pytest.raises(ImageError, match="holds more.vmdk, which is not a regular file"):
        inspection.inspect(str(path))


@pytest.mark.parametrize("name,sentence", [("/etc/shadow", "which is not in its own directory"), ("link.vmdk", "is not a regular file")])
def test_an_ovf_that_names_another_place(tmp_path, name, sentence):
    (tmp_path / "link.vmdk").symlink_to("/etc/shadow")
    (tmp_path / "web.ovf").write_text(appliance.description(name))
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(str(tmp_path / "web.ovf"))


@pytest.mark.timeout(60)
def test_mutated_archives(tmp_path, vmdk):
    """One sentence, or the disk where it lies; never anything worse."""
    noise = random.Random(13)
    appliance.ova(tmp_path / "web.ova", appliance.files(vmdk, ""), tarfile.PAX_FORMAT)
    content = (tmp_path / "web.ova").read_bytes()
    accepted = 0
    for unused_number in range(150):
        changed = bytearray(content)
        for unused_change in range(noise.randint(1, 4)):
            at = noise.choice([noise.randrange(1536), noise.randrange(1536, 6000)])
            value = noise.choice([noise.randbytes(noise.choice((1, 4, 12))), b"\0", b"9", b"/", b"\x80" + b"\xff" * 11, b"<!DOCTYPE"])
            changed[at : at + len(value)] = value
        for start in (0, 512, 1024):
            changed[start + 148 : start + 156] = b"%06o\0 " % sum(
                changed[start : start + 148] + b" " * 8 + changed[start + 156 : start + 512]
            )
        if noise.random() < 0.2:
            del changed[noise.randrange(len(changed)) :]
        (tmp_path / "web.ova").write_bytes(changed)
        try:
            disk, form = inspection.Window.whole(str(tmp_path / "web.ova")), ""
            form = inspection.recognise(disk)
            if form == "ova":
                inspection.appliance.in_archive(disk)
                accepted += 1
        except ImageError as problem:
            assert "\n" not in str(problem)
    assert accepted < 100


def test_a_size_in_bytes_rather_than_digits(tmp_path, raw, vmdk):
    """As GNU tar writes the size of more than 8 GiB."""
    path = appliance.ova(tmp_path / "web.ova", appliance.files(vmdk, ""), tarfile.GNU_FORMAT)
    content = bytearray(path.read_bytes())
    start = content.index(b"web-disk1.vmdk\0") // 512 * 512
    content[start + 124 : start + 136] = b"\x80" + struct.pack(">Q", len(vmdk)).rjust(11, b"\0")
    checksum = sum(content[start : start + 148] + b" " * 8 + content[start + 156 : start + 512])
    content[start + 148 : start + 156] = b"%06o\0 " % checksum
    path.write_bytes(content)
    assert same(raw, inspection.inspect(str(path)))
