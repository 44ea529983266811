# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The promoted image in the formats of other platforms: the same disk in each, named and pointed to together."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tarfile
from xml.etree import ElementTree

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.rollback import roll_back
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.tests.templates import images

ALL = ["raw", "vmdk", "ova", "vhd", "vhdx", "gcp"]
SUFFIXES = {"qcow2": ".qcow2", "gcp": ".tar.gz"}


def promoted(lab, source, **params):
    lab.do("open", source=source, **params)
    lab.run("sh", "-c", f"echo {params.get('version', 1)} > /etc/stamp")
    lab.do("closed", **params)
    staged = lab.do("staged", **params)["image"]
    done = lab.do("promoted", **params)
    assert staged["files"] == done["image"]["files"]
    return {**done["image"], "history": done["history"]}


def pointers(lab):
    return {path.name: os.readlink(path) for path in lab.dest.glob("*") if path.is_symlink()}


def test_every_format_holds_the_promoted_disk(lab, plain, tmp_path):
    image = promoted(lab, plain, formats=["qcow2", *ALL])
    assert [file["format"] for file in image["files"]] == [*ALL, "qcow2"]
    stem = os.path.basename(image["path"])[: -len(".qcow2")]
    for file in image["files"]:
        suffix = SUFFIXES.get(file["format"], f".{file['format']}")
        assert os.path.basename(file["path"]) == stem + suffix
        assert (file["sha256"], file["size"]) == (inspection.sha256(file["path"]), os.path.getsize(file["path"]))
        assert (file["pointer"], os.readlink(file["pointer"])) == (f"{lab.dest}/web{suffix}", stem + suffix)
        if file["format"] not in ("gcp", "raw"):
            disk = inspection.inspect(file["path"])
            images.call("qemu-img", "compare", "-f", "qcow2", "-F", disk.node["driver"], image["path"], inspection.name_for_qemu(disk.node))
    paths = {file["format"]: file["path"] for file in image["files"]}
    images.call("qemu-img", "compare", "-f", "qcow2", "-F", "raw", image["path"], paths["raw"])
    description = inspection.Window.whole(paths["vmdk"]).read(512, 1024).split(b"\0")[0].decode()
    assert 'createType="streamOptimized"' in description and 'ddb.virtualHWVersion = "13"' in description
    assert 'ddb.toolsVersion = "0"' in description, "the template has no tools"
    assert os.path.getsize(paths["vhd"]) % images.MIB == 512
    line = (lab.dest / "web.history.jsonl").read_text()
    move = json.loads(line)
    end = {"path": str(lab.dest / "web.history.jsonl"), "entries": 1, "sha256": hashlib.sha256(line.strip().encode()).hexdigest()}
    assert (image["history"], move["chain"]) == (end, {"entry": 1, "previous": None})
    assert move["files"] == {file["format"]: file["sha256"] for file in image["files"] if file["format"] != "qcow2"}
    assert_ova(paths["ova"])
    assert_disk_for_google(paths["gcp"], image["path"], tmp_path)
    assert not lab.leftovers()


def assert_ova(path):
    with tarfile.open(path) as archive:
        names = archive.getnames()
        ovf = ElementTree.fromstring(archive.extractfile(names[0]).read())
    assert names == ["web.ovf", "web.mf", "web-disk1.vmdk"]
    assert inspection.inspect(path).machine == {"firmware": "bios", "controller": "pvscsi", "network": "vmxnet3", "hardware": "vmx-13"}
    subtypes = [element.text for element in ovf.iter() if element.tag.endswith("}ResourceSubType")]
    assert subtypes == ["VirtualSCSI", "VmxNet3"]


def assert_disk_for_google(path, image, place):
    images.call("tar", "-xzSf", path, "-C", place)
    assert (place / "disk.raw").stat().st_size == 1 << 30
    assert subprocess.run(["tar", "-tzf", path], capture_output=True, text=True, check=True).stdout == "disk.raw\n"
    images.call("qemu-img", "compare", "-f", "qcow2", "-F", "raw", image, place / "disk.raw")


def test_a_template_goes_out_as_it_came_in(lab, tmp_path, plain):
    images.call("qemu-img", "convert", "-O", "vhdx", plain, tmp_path / "disk.vhdx")
    assert [file["format"] for file in promoted(lab, tmp_path / "disk.vhdx")["files"]] == ["vhdx", "qcow2"]


def test_the_pointers_move_together_and_back(lab, plain):
    """In a format that an image does not have there is no pointer, rather than one to another image."""
    first = promoted(lab, plain, version="1", formats=["vmdk", "vhdx"])
    second = promoted(lab, plain, version="2", formats=["vmdk"])
    stems = [os.path.basename(image["path"])[: -len(".qcow2")] for image in (first, second)]
    assert pointers(lab) == {"web.qcow2": f"{stems[1]}.qcow2", "web.vmdk": f"{stems[1]}.vmdk"}
    store = ImageStore(str(lab.dest), "web")
    roll_back(store, "1", "ann", "it works")
    assert pointers(lab) == {f"web.{form}": f"{stems[0]}.{form}" for form in ("qcow2", "vmdk", "vhdx")}
    roll_back(store, "2", "ann", "again")
    third = promoted(lab, plain, version="3", formats=["vhdx"], keep=1)
    # Both of before stay, since somebody went back to them.
    assert third["removed"] == []
    with open(lab.dest / f"{stems[0]}.vmdk", "r+b") as stream:
        stream.write(b"x")
    with pytest.raises(ImageError, match=r"\.vmdk is damaged, its SHA-256 was"):
        roll_back(store, "1", "ann", "it worked")
    assert set(pointers(lab)) == {"web.qcow2", "web.vhdx"}


def test_old_images_go_with_all_their_files(lab, plain):
    first = promoted(lab, plain, version="1", formats=["vhdx"])
    assert promoted(lab, plain, version="2", formats=["vhdx"], keep=1)["removed"] == [file["path"] for file in first["files"]]
    assert len([path for path in lab.dest.iterdir() if not path.name.startswith(".")]) == 5, "two files, two pointers and the history"


def test_a_file_in_the_place_of_a_pointer_stays(lab, plain):
    lab.dest.mkdir()
    (lab.dest / "web.vmdk").write_text("somebody's")
    lab.do("open", source=plain)
    lab.do("closed")
    assert "web.vmdk is a file of its own, not a pointer" in lab.refused("promoted", formats=["vmdk"])
    lab.do("promoted")
    assert (lab.dest / "web.vmdk").read_text() == "somebody's"


@pytest.mark.parametrize("step", ["flatten", "publish", "point"])
def test_a_run_that_is_killed_leaves_all_or_nothing(lab, plain, step):
    lab.do("open", source=plain)
    lab.do("closed")
    lab.kill_at(step, "promoted", formats=["vmdk", "vhdx"])
    lab.do("open", source=plain, session="other")
    lab.do("discarded", session="other")
    assert pointers(lab) == {}
    assert list(lab.dest.glob("[!.]*")) == []
    assert not lab.leftovers()


def test_pointers_that_a_killed_run_left_behind_follow(lab, plain):
    first = promoted(lab, plain, version="1", formats=["vmdk"])
    os.unlink(lab.dest / "web.vmdk")
    os.symlink("web-0-0123456789ab.vmdk", lab.dest / "web.vmdk")
    promoted(lab, plain, version="2", formats=["vmdk"])
    roll_back(ImageStore(str(lab.dest), "web"), "1", "ann", "it works")
    assert os.path.realpath(lab.dest / "web.vmdk") == first["files"][0]["path"]
