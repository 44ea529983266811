# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The templates, each made from the same small server: what differs is how its disks are laid out and in which format they are.

A further one is a function of a directory and the root filesystem that returns the variables of its host, in MADE.
"""

from __future__ import annotations

import shutil

from ansible_collections.hygeia.golden.tests.templates import appliance as ovf
from ansible_collections.hygeia.golden.tests.templates import images, lvm

ROOT = 500 * images.MIB


def plain(place, root):
    """A partition in qcow2."""
    with_fstab(root, place, f"UUID={images.uuid(root)} / ext4 defaults 0 1\n")
    disk = images.disk("gpt", place / "disk.raw", [("linux", root)])
    return {"template_source": images.qcow2(disk, place / "plain.qcow2")}


def appliance(place, root):
    """An OVA of vSphere with two disks, over which one volume group lies: the root is on the first and its data on the second."""
    with_fstab(
        root, place, "/dev/mapper/vg-root / ext4 defaults 0 1\nLABEL=boot /boot ext4 defaults 0 2\n/dev/vg/data /srv ext4 defaults 0 2\n"
    )
    boot = images.filesystem("ext4", place / "boot.raw", size=8 * images.MIB, label="boot")

    def apart(tools):
        tools.run("lvremove", "-y", "vg/data")
        tools.create("vg", "data", 16, tools.device("b"))

    members = lvm.group(place, "vg", ROOT + 20 * images.MIB, apart, devices="ab", root=root, data=data(place))
    parts = {"web-disk1.vmdk": [("linux", boot), ("lvm", members[0])], "web-disk2.vmdk": [("lvm", members[1])]}
    disks = {}
    for name, content in parts.items():
        images.call(
            "qemu-img",
            "convert",
            "-O",
            "vmdk",
            "-o",
            "subformat=streamOptimized",
            images.disk("gpt", place / "disk.raw", content),
            place / name,
        )
        disks[name] = (place / name).read_bytes()
        (place / name).unlink()
    return {"template_source": ovf.ova(place / "appliance.ova", ovf.several(disks, list(disks)))}


def two_disks(place, root):
    """A disk for the system and one for its data, in VHDX."""
    filesystem = data(place)
    with_fstab(root, place, f"UUID={images.uuid(root)} / ext4 defaults 0 1\nUUID={images.uuid(filesystem)} /srv ext4 defaults 0 2\n")
    for name, content in {"os": root, "data": filesystem}.items():
        images.call(
            "qemu-img", "convert", "-O", "vhdx", images.disk("gpt", place / "disk.raw", [("linux", content)]), place / f"{name}.vhdx"
        )
    return {"template_source": place / "os.vhdx", "template_disks": [{"path": place / "data.vhdx"}]}


MADE = {"plain": plain, "appliance": appliance, "two-disks": two_disks}


def make(place, name, root):
    """The variables of a template's host."""
    directory = place / name
    directory.mkdir()
    shutil.copy(root, directory / "root.raw")
    variables = MADE[name](directory, directory / "root.raw")
    for left in directory.glob("*.raw"):
        left.unlink()
    return variables


def data(place):
    """What the system keeps outside of its root."""
    tree = place / "data"
    tree.mkdir()
    (tree / "patients").write_text("of the site\n")
    return images.filesystem("ext4", place / "data-disk.raw", tree, size=16 * images.MIB, label="data")


def with_fstab(root, place, text):
    (place / "fstab").write_text(text)
    images.mounted(root, f"cp {place}/fstab MOUNT/etc/fstab")
