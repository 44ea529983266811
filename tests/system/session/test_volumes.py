# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A system on logical volumes, as installers lay it out, in groups that LVM itself made."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import canaries
from ansible_collections.hygeia.golden.tests.templates import images, lvm

MIB = images.MIB
# The group's name has a dash, which /dev/mapper doubles.
GROUP = "ubuntu-vg"
FSTAB = """\
/dev/disk/by-id/dm-uuid-LVM-{root} / ext4 defaults 0 1
LABEL=boot /boot ext4 defaults 0 2
/dev/mapper/ubuntu--vg-home /home ext4 defaults 0 2
/dev/ubuntu-vg/srv /srv xfs defaults 0 2
/dev/mapper/ubuntu--vg-swap none swap sw 0 0
/dev/mapper/ubuntu--vg-gone /data ext4 nofail 0 2
"""


@pytest.fixture(scope="module")
def boot(stock):
    return images.filesystem("ext4", stock / "volumes-boot.raw", size=8 * MIB, label="boot")


@pytest.fixture
def swap(tmp_path):
    with open(tmp_path / "swap.raw", "wb") as stream:
        stream.truncate(8 * MIB)
        stream.seek(4 * MIB)
        stream.write(b"CANARY-swap")
    images.call("mkswap", tmp_path / "swap.raw")
    return tmp_path / "swap.raw"


@pytest.fixture
def root(tmp_path, tree):
    return images.filesystem("ext4", tmp_path / "root.raw", tree)


def disk(place, boot, member, name="disk.raw"):
    return images.disk("gpt", place / name, [("linux", boot), ("lvm", member)])


def named_in_fstab(root, place, text):
    """Write the fstab of a root that is finished already."""
    (place / "fstab").write_text(text)
    images.mounted(root, f"cp {place}/fstab MOUNT/etc/fstab")


def test_the_whole_way_of_a_system_on_volumes(lab, tmp_path, boot, root, swap):
    home = images.filesystem("ext4", tmp_path / "home.raw", size=16 * MIB, label="home")
    srv = images.filesystem("xfs", tmp_path / "srv.raw", label="srv")
    identifiers = {}

    def look(tools):
        (row,) = tools.report("lvs", "vg_uuid,lv_uuid", f"{GROUP}/root")
        identifiers["root"] = (row["vg_uuid"] + row["lv_uuid"]).replace("-", "")
        named_in_fstab(root, tmp_path, FSTAB.format(**identifiers))

    (member,) = lvm.group(tmp_path, GROUP, 440 * MIB, look, root=root, home=home, srv=srv, swap=swap)
    with open(member, "r+b") as stream:
        stream.seek(430 * MIB)
        stream.write(b"CANARY-free")
    source = images.qcow2(disk(tmp_path, boot, member), tmp_path / "disk.qcow2")
    digest = inspection.sha256(source)
    session = lab.do("open", source=source)["session"]
    assert session["root"]["volume"] == "ubuntu-vg/root"
    assert session["mounts"] == ["/", "/boot", "/home", "/srv"]
    assert session["not_mounted"] == ["/data: /dev/mapper/ubuntu--vg-gone is not on this disk"]
    lab.do("planted")
    sown = lab.journal()["canaries"]
    script = "echo changed > /etc/stamp; echo kernel > /boot/vmlinuz; echo CANARY-file > /home/gone; sync; rm /home/gone"
    assert lab.run("sh", "-c", script).returncode == 0
    residue = lab.do("closed")["session"]["residue"]
    assert (residue["not_overwritten"], residue["not_planted"], residue["found"]) == ([], [], [])
    image = lab.do("promoted")["image"]
    raw = images.raw(image["path"], tmp_path / "promoted.raw")
    content = raw.read_bytes()
    assert not re.findall(rb"CANARY-\w+", content)
    assert not [what for pattern, what in canaries.patterns(sown["seed"], sown["planted"]).items() if pattern in content]
    after = volumes_of(raw, tmp_path / "after", 9 * MIB, 440 * MIB)
    subprocess.run(["e2fsck", "-fn", after["root"]], check=True, capture_output=True)
    subprocess.run(["xfs_repair", "-n", after["srv"]], check=True, capture_output=True)
    assert images.call("debugfs", "-R", "cat /etc/stamp", after["root"]) == "changed\n"
    lab.assert_clean(source, digest)


def volumes_of(raw, place, offset, size):
    """What the volumes of an image hold, as LVM finds them in it."""
    place.mkdir()
    with lvm.on(place / "lvm", a=(raw, offset, size)) as tools:
        tools.run("vgck", GROUP)
        layout = tools.layout()
    found = {}
    for name, ((unused_device, start, length),) in layout.items():
        with open(raw, "rb") as source:
            source.seek(offset + start)
            found[name] = place / name
            found[name].write_bytes(source.read(length))
    return found


# -- what is refused ----------------------------------------------------------


@pytest.fixture
def refused(lab, tmp_path, boot):
    """The sentence for a disk whose root is on a group, made with these files and this change, after which nothing is left."""

    def look(change=None, devices="a", **volumes):
        member = lvm.group(tmp_path, "vg", 64 * MIB, change, devices, **volumes)[0]
        source = disk(tmp_path, boot, member)
        digest = inspection.sha256(source)
        sentence = lab.refused("open", source=source)
        assert "\n" not in sentence and "Traceback" not in sentence
        lab.assert_clean(source, digest)
        return sentence.replace(str(source), "SOURCE")

    return look


def test_a_root_on_a_thin_volume(refused):
    def thin(tools):
        tools.create("vg", "swap", 1)
        tools.restore("vg", lvm.added(lvm.THIN))

    assert refused(thin) == (
        "SOURCE cannot be opened because the logical volume vg/pool is a thin pool: make the template with linear volumes"
    )


def test_a_root_in_pieces_without_the_device_mapper(refused, root):
    """Grown after something else was put behind it."""

    def grow(tools):
        tools.create("vg", "swap", 1)
        tools.run("lvextend", "-l", "+2", "vg/root")

    if os.path.exists("/dev/mapper/control"):
        pytest.skip("this kernel has the device-mapper")
    assert refused(grow, root=root) == (
        "SOURCE cannot be opened because the logical volume vg/root lies in 2 pieces, for which the kernel of the build host would need "
        "device-mapper: load it with 'modprobe dm_mod', or open the template on another build host (image_host)"
    )


def test_a_group_of_which_a_disk_is_missing(refused, root):
    sentence = refused(devices="ab", root=root)
    assert re.fullmatch(
        r"SOURCE cannot be opened because the LVM volume group vg of SOURCE cannot be opened: it lacks the physical volume \S+, which was "
        r"\S+/b last: name all disks of the template",
        sentence,
    )


def test_two_groups_of_one_name_on_two_disks(lab, tmp_path, boot, root):
    (member,) = lvm.group(tmp_path, "vg", 64 * MIB, root=root)
    (tmp_path / "other").mkdir()
    (twin,) = lvm.group(tmp_path / "other", "vg", 64 * MIB, data=images.filesystem("ext4", tmp_path / "data.raw", size=16 * MIB))
    source, further = disk(tmp_path, boot, member), images.disk("gpt", tmp_path / "further.raw", [("lvm", twin)])
    digests = [inspection.sha256(path) for path in (source, further)]
    assert lab.refused("open", source=source, disks=[{"path": further}]) == (
        f"{source} cannot be opened because {source} has two LVM volume groups of the name vg: rename one in a running clone with 'vgrename', "
        "by its UUID"
    )
    lab.assert_clean(source, digests[0])
    lab.assert_clean(further, digests[1])


def test_metadata_with_a_bad_checksum(lab, tmp_path, boot, root):
    (member,) = lvm.group(tmp_path, "vg", 64 * MIB, root=root)
    with open(member, "r+b") as stream:
        content = stream.read(MIB)
        stream.seek(content.rindex(b"extent_count"))
        stream.write(b"x")
    source = disk(tmp_path, boot, member)
    assert lab.refused("open", source=source) == (
        f"{source} cannot be opened because the LVM physical volume on partition 2 of {source} is damaged, the checksum of its metadata is "
        "wrong: copy the template anew"
    )
    lab.assert_clean(source, inspection.sha256(source))


def test_a_group_that_nobody_needs_is_no_obstacle(lab, tmp_path, root):
    """Its disks are elsewhere; what fstab wants from it is reported."""
    member = lvm.group(tmp_path, "vg", 64 * MIB, devices="ab", data=images.filesystem("ext4", tmp_path / "data.raw"))[0]
    named_in_fstab(root, tmp_path, "/dev/vg/data /srv ext4 defaults 0 2\n")
    session = lab.do("open", source=disk(tmp_path, root, member))["session"]
    assert session["root"]["number"] == 1
    assert re.fullmatch(
        r"/srv: /dev/vg/data is not on this disk \(the LVM volume group vg of .* cannot be opened: .*\)", *session["not_mounted"]
    )
    residue = lab.do("closed")["session"]["residue"]
    assert re.fullmatch(r"partition 2 \(LVM2_member, 64.0 MiB\): the LVM volume group vg of .*", *residue["not_overwritten"])
    lab.do("discarded")
