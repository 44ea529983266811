# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates of several disks: what fstab names is mounted from where it lies, and all disks are promoted, or none is."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.rollback import roll_back
from ansible_collections.hygeia.golden.tests.templates import appliance, images

SECRET = "a record of a patient that was deleted long ago " * 40


@pytest.fixture(scope="module")
def data(stock):
    """The second disk: a filesystem for /srv in a partition, with something that was deleted, and swap."""
    tree = stock / "data"
    images.write(tree / "kept", "kept\n")
    filesystem = images.filesystem("ext4", stock / "srv.raw", tree, 16 * images.MIB, "data")
    images.mounted(filesystem, f"echo '{SECRET}' > MOUNT/secret && sync && rm MOUNT/secret")
    assert SECRET[:40].encode() in filesystem.read_bytes(), "it is still on the disk"
    with open(stock / "swap.raw", "wb") as stream:
        stream.truncate(2 * images.MIB)
    images.call("mkswap", stock / "swap.raw")
    return images.disk("gpt", stock / "data.raw", [("linux", filesystem), ("linux", stock / "swap.raw")])


@pytest.fixture(scope="module")
def uuids(stock, data):
    return {name: images.uuid(stock / f"{name}.raw") for name in ("srv", "swap")}


@pytest.fixture(scope="module")
def system(stock, tree, uuids):
    """The first disk, with an fstab that has /srv on the second."""
    place = stock / "system"
    shutil.copytree(tree, place, symlinks=True)
    fstab = f"/dev/sda / ext4\nUUID={uuids['srv']} /srv ext4\nUUID={uuids['swap']} none swap\n/dev/sdb2 /opt ext4 nofail\n"
    images.write(place / "etc/fstab", fstab)
    return images.filesystem("ext4", stock / "system.raw", place)


def converted(form, raw, path, options=""):
    images.call("qemu-img", "convert", "-f", "raw", "-O", form, *(["-o", options] if options else []), raw, path)
    return path


@pytest.fixture
def pair(tmp_path, system, data):
    """Both disks as VHDX, and their digests."""
    paths = [converted("vhdx", raw, tmp_path / f"{name}.vhdx") for name, raw in (("web", system), ("web-data", data))]
    return paths, list(map(inspection.sha256, map(str, paths)))


def further(*paths, form=None):
    return [{"path": str(path), "format": form} for path in paths]


def promoted(lab, source, disks, **params):
    """Open, change both disks, close, promote; the session as it was open and closed, and the image."""
    opened = lab.do("open", source=source, disks=disks, **params)["session"]
    ran = lab.run("sh", "-ec", f"cat /srv/kept; echo {params.get('version', 1)} > /srv/stamp; echo stamp > /etc/stamp")
    assert (ran.stdout, ran.returncode) == ("kept\n", 0), ran.stderr
    lab.do("planted", **params)
    closed = lab.do("closed", **params)["session"]
    return opened, closed, lab.do("promoted", **params)["image"]


def pointers(lab):
    return {path.name: os.readlink(path) for path in lab.dest.glob("*") if path.is_symlink()}


def partition(image, place, number=0):
    """A filesystem of the promoted data disk, as a raw file."""
    out = images.raw(image, place / "out.raw")
    table = json.loads(images.call("sfdisk", "--json", out))["partitiontable"]["partitions"][number]
    images.call("dd", f"if={out}", f"of={place}/part.raw", "bs=512", f"skip={table['start']}", f"count={table['size']}", "status=none")
    return place / "part.raw"


def test_two_disks_go_the_whole_way(lab, tmp_path, pair, uuids):
    (source, second), before = pair
    opened, closed, image = promoted(lab, source, further(second, form="vhdx"))
    assert opened["mounts"] == ["/", "/srv"]
    assert opened["not_mounted"] == ["/opt: /dev/sdb2 holds swap, which is not opened"]
    assert [opened["source"]["sha256"], opened["source"]["disks"][0]["sha256"]] == before
    assert opened["source"]["disks"][0]["path"] == str(second)
    assert {"deleted on /", "deleted on /srv"} <= set(closed["residue"]["canaries"])
    assert (closed["residue"]["found"], closed["residue"]["not_overwritten"]) == ([], [])

    stem = os.path.basename(image["path"])[: -len(".qcow2")]
    ends = {("vhdx", 1): ".vhdx", ("vhdx", 2): "-disk2.vhdx", ("qcow2", 2): "-disk2.qcow2", ("qcow2", 1): ".qcow2"}
    assert [(file["format"], file["disk"]) for file in image["files"]] == list(ends)
    for file in image["files"]:
        end = ends[file["format"], file["disk"]]
        assert (file["path"], file["pointer"]) == (f"{lab.dest}/{stem}{end}", f"{lab.dest}/web{end}")
        assert (file["sha256"], os.readlink(file["pointer"])) == (inspection.sha256(file["path"]), stem + end)
    move = json.loads((lab.dest / "web.history.jsonl").read_text())
    assert set(move["files"]) == {"vhdx", "disk2.vhdx", "disk2.qcow2"}

    disk = f"{lab.dest}/{stem}-disk2"
    images.call("qemu-img", "compare", "-f", "qcow2", "-F", "vhdx", f"{disk}.qcow2", f"{disk}.vhdx")
    part = partition(f"{disk}.qcow2", tmp_path)
    assert images.call("debugfs", "-R", "cat /stamp", part) == "1\n"
    assert images.uuid(part) == uuids["srv"]
    content = (tmp_path / "out.raw").read_bytes()
    assert b"a record of a patient" not in content and b"kept" in content
    assert list(map(inspection.sha256, map(str, (source, second)))) == before
    assert not lab.leftovers()


def test_an_appliance_of_two_disks(lab, tmp_path, system, data):
    """Their order is that of the controller's places, whatever that of the files is."""
    disks = {
        name: converted("vmdk", raw, tmp_path / name, "subformat=streamOptimized").read_bytes()
        for name, raw in (("b.vmdk", data), ("a.vmdk", system))
    }
    source = appliance.ova(tmp_path / "web.ova", appliance.several(disks, order=["a.vmdk", "b.vmdk"]))
    digest = inspection.sha256(source)
    opened, unused_closed, image = promoted(lab, source, [])
    assert opened["mounts"] == ["/", "/srv"]
    assert [(disk["format"], disk["sha256"]) for disk in (opened["source"], *opened["source"]["disks"])] == [("ova", digest)] * 2
    files = {(file["format"], file["disk"]): file["path"] for file in image["files"]}
    assert list(files) == [("ova", 1), ("qcow2", 2), ("qcow2", 1)]
    for number, disk in enumerate(inspection.inspect_all(files["ova", 1]), 1):
        name = inspection.name_for_qemu(disk.node)
        images.call("qemu-img", "compare", "-f", "qcow2", "-F", "vmdk", files["qcow2", number], name)
    assert inspection.sha256(source) == digest
    assert not lab.leftovers()


def test_all_disks_go_back_together(lab, pair):
    (source, second), unused_before = pair
    stems = []
    for version in ("1", "2"):
        image = promoted(lab, source, further(second), version=version, formats=["qcow2"])[2]
        stems.append(os.path.basename(image["path"])[: -len(".qcow2")])
        assert pointers(lab) == {f"web{end}": f"{stems[-1]}{end}" for end in (".qcow2", "-disk2.qcow2")}
    store = ImageStore(str(lab.dest), "web")
    roll_back(store, "1", "ann", "it works")
    assert pointers(lab) == {f"web{end}": f"{stems[0]}{end}" for end in (".qcow2", "-disk2.qcow2")}


@pytest.mark.parametrize("step", ["flatten", "publish", "point"])
def test_a_killed_promotion_promotes_all_disks_or_none(lab, pair, step):
    (source, second), before = pair
    lab.do("open", source=source, disks=further(second))
    lab.do("closed")
    lab.kill_at(step, "promoted")
    lab.do("open", source=source, session="other")
    lab.do("discarded", session="other")
    assert (pointers(lab), list(lab.dest.glob("[!.]*"))) == ({}, [])
    lab.assert_clean(second, before[1])


@pytest.mark.parametrize("step", ["export", "overwrite, mounted"])
def test_a_killed_session_leaves_nothing_of_any_disk(lab, pair, plain, step):
    (source, second), before = pair
    if step == "export":
        lab.kill_at(step, "open", source=source, disks=further(second))
    else:
        lab.do("open", source=source, disks=further(second))
        lab.kill_at(step, "closed")
    lab.do("open", source=plain)
    lab.do("discarded")
    lab.assert_clean(second, before[1])


def test_what_cannot_be_the_disks_of_one_template(lab, tmp_path, pair, system, uuids):
    (source, second), before = pair

    def refused(*disks, form=None):
        return lab.refused("open", source=source, disks=further(*disks, form=form))

    os.link(second, tmp_path / "again.vhdx")
    assert refused(second, tmp_path / "again.vhdx") == f"{tmp_path}/again.vhdx is a disk of the template twice: name each of its disks once"
    assert refused(source) == f"{source} is a disk of the template twice: name each of its disks once"
    assert refused(second, form="vmdk").startswith(f"{second} is named as vmdk, but is vhdx: correct its format")
    assert refused(tmp_path / "none") == f"there is no template at {tmp_path}/none: No such file or directory"
    shutil.copy(second, tmp_path / "copy.vhdx")
    session = lab.do("open", source=source, disks=further(second, tmp_path / "copy.vhdx"))["session"]
    twice = f"UUID={uuids['srv']} is on partition 1 of disk 2 and on partition 1 of disk 3: each filesystem needs its own"
    assert f"/srv: {twice}" in session["not_mounted"]
    lab.do("discarded")
    shutil.copy(source, tmp_path / "system.vhdx")
    assert refused(tmp_path / "system.vhdx") == (
        f"{source} cannot be entered: a Linux system lies on the disk and on disk 2: name one with the option partition"
    )
    session = lab.do("open", source=source)["session"]
    assert session["not_mounted"] == [f"/srv: UUID={uuids['srv']} is not on this disk", "/opt: /dev/sdb2 is not on this disk"]
    lab.do("discarded")
    lab.assert_clean(second, before[1])
