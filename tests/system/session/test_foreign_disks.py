# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates in the formats of other products go through the same transaction, and are only read."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.tests.templates import appliance, images

# How qemu-img writes each, and what the template's format is called.
FORMATS = {
    "sparse.vmdk": ("vmdk", "subformat=monolithicSparse", "vmdk"),
    "flat.vmdk": ("vmdk", "subformat=monolithicFlat", "vmdk"),
    "split.vmdk": ("vmdk", "subformat=twoGbMaxExtentSparse", "vmdk"),
    "split-flat.vmdk": ("vmdk", "subformat=twoGbMaxExtentFlat", "vmdk"),
    "stream.vmdk": ("vmdk", "subformat=streamOptimized", "vmdk"),
    "dynamic.vhd": ("vpc", "subformat=dynamic,force_size=on", "vhd"),
    "fixed.vhd": ("vpc", "subformat=fixed,force_size=on", "vhd"),
    "dynamic.vhdx": ("vhdx", "subformat=dynamic", "vhdx"),
    "dynamic.vdi": ("vdi", "static=off", "vdi"),
}
PACKED = {"disk.raw.xz": "xz -0 --threads=2", "disk.raw.zst": "zstd -q -1", "disk.raw.gz": "gzip -1"}


@pytest.fixture(scope="module")
def raw(stock, plain):
    return images.raw(plain, stock / "foreign.raw")


def digests(place):
    return {path.name: inspection.sha256(path) for path in place.iterdir() if path.is_file()}


def whole_way(lab, source):
    """Open, change, close and promote; what the session said of its source, and the promoted image."""
    session = lab.do("open", source=source)["session"]
    assert lab.run("sh", "-c", "echo changed > /etc/stamp; cat /etc/hostname").stdout == "template\n"
    lab.do("planted")
    lab.do("closed")
    image = lab.do("promoted")["image"]
    out = images.raw(image["path"], lab.place / "out.raw")
    assert images.call("debugfs", "-R", "cat /etc/stamp", out) == "changed\n"
    out.unlink()
    return session["source"]


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_template_of_another_product(lab, tmp_path, raw, name):
    driver, options, form = FORMATS[name]
    source = tmp_path / name
    images.call("qemu-img", "convert", "-f", "raw", "-O", driver, "-o", options, raw, source)
    before = digests(tmp_path)
    result = whole_way(lab, source)
    assert (result["format"], result["virtual_size"]) == (form, os.path.getsize(raw))
    assert digests(tmp_path) == before
    listed = "".join(f"{before[os.path.basename(path)]}  {os.path.basename(path)}\n" for path in (result["path"], *result.get("parts", [])))
    digest = subprocess.run(["sha256sum"], input=listed, capture_output=True, text=True, check=True).stdout.split()[0]
    assert result["sha256"] == (digest if "parts" in result else before[name])
    assert not lab.leftovers()


def test_an_appliance(lab, tmp_path, raw):
    """The disk is read inside the OVA, whose bytes stay."""
    images.call("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, tmp_path / "disk.vmdk")
    source = appliance.ova(tmp_path / "web.ova", appliance.files((tmp_path / "disk.vmdk").read_bytes()))
    digest = inspection.sha256(source)
    result = whole_way(lab, source)
    assert (result["format"], result["sha256"], result["virtual_size"]) == ("ova", digest, os.path.getsize(raw))
    assert result["machine"] == {"firmware": "efi", "controller": "pvscsi", "network": "vmxnet3", "hardware": "vmx-19"}
    lab.assert_clean(source, digest)


@pytest.mark.parametrize("name", list(PACKED))
def test_a_compressed_template(lab, tmp_path, raw, name):
    source = tmp_path / name
    images.call("sh", "-c", f"{PACKED[name]} < {raw} > {source}")
    digest = inspection.sha256(source)
    result = whole_way(lab, source)
    assert (result["format"], result["sha256"], result["virtual_size"]) == ("raw", digest, os.path.getsize(raw))
    lab.assert_clean(source, digest)


@pytest.mark.parametrize(
    "harm,sentence",
    [
        ("truncate -s -2000 {source}", "disk.raw.xz cannot be unpacked (xz: (stdin): "),
        ("sh -c 'head -c 3000000 /dev/zero | xz -0 | xz -0 > {source}'", "holds no disk but another compressed file"),
    ],
)
def test_a_compressed_template_that_is_none(lab, tmp_path, raw, harm, sentence):
    source = tmp_path / "disk.raw.xz"
    images.call("sh", "-c", f"xz -0 < {raw} > {source}")
    subprocess.run(harm.format(source=source), shell=True, check=True)
    assert sentence in lab.refused("open", source=source)
    assert not lab.leftovers()


def test_a_compressed_template_that_would_fill_the_disk(lab, tmp_path):
    """What it unpacks to is known only afterwards."""
    lab.work_dir.mkdir()
    images.call("mount", "-t", "tmpfs", "-o", "size=300M", "none", lab.work_dir)
    try:
        images.call("sh", "-c", f"head -c 100000000 /dev/urandom | gzip -1 > {tmp_path}/disk.raw.gz")
        assert "which is too little for what" in lab.refused("open", source=tmp_path / "disk.raw.gz")
        assert not lab.leftovers()
    finally:
        images.call("umount", lab.work_dir)


def test_another_session_has_a_part_of_the_template(lab, tmp_path, raw):
    """All files of a disk are claimed, by whichever name somebody opens one of them."""
    images.call("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", raw, tmp_path / "disk.vmdk")
    lab.do("open", source=tmp_path / "disk.vmdk")
    assert "is open in the session web since" in lab.refused("open", source=tmp_path / "disk-flat.vmdk", session="other")
    lab.do("discarded")
    assert lab.do("open", source=tmp_path / "disk-flat.vmdk")["session"]["source"]["format"] == "raw"
    lab.do("discarded")
    assert not lab.leftovers()


@pytest.mark.parametrize("part", ["disk.vmdk", "disk-flat.vmdk"])
def test_a_part_that_somebody_changes_is_not_promoted(lab, tmp_path, raw, part):
    images.call("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", raw, tmp_path / "disk.vmdk")
    lab.do("open", source=tmp_path / "disk.vmdk")
    lab.do("closed")
    with open(tmp_path / part, "ab") as stream:
        stream.write(b"\n# somebody was here\n")
    assert "was changed by another process while the session web was open" in lab.refused("promoted")
    assert not lab.leftovers()


def test_the_overlay_names_every_layer(lab, tmp_path, raw):
    """Nothing is left for qemu to guess."""
    images.call("qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed,force_size=on", raw, tmp_path / "disk.vhd")
    lab.do("open", source=tmp_path / "disk.vhd")
    info = json.loads(images.call("qemu-img", "info", "-U", "--output=json", lab.directory / "overlay.qcow2"))
    assert info["backing-filename-format"] == "raw"
    layers = json.loads(info["backing-filename"][len("json:") :])
    assert (layers["driver"], layers["size"], layers["file"]["driver"]) == ("raw", os.path.getsize(raw), "file")
    lab.do("discarded")
