# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The templates. Those of Debian are the same small server: what differs is how its disks are laid out, how they start, and in which format they are.

A further one is a function of a directory and the root filesystem that returns the variables of its host, in MADE.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ansible_collections.hygeia.golden.tests.templates import appliance as ovf
from ansible_collections.hygeia.golden.tests.templates import disk, images, lvm

PROJECT = Path(__file__).parents[3]
# MiB of a disk with the root on it, and what the other partitions and volumes of LVM take beside it.
SIZE, BESIDE = 512, 384
DATA = 16 * images.MIB
# The volume group that build.py makes, with extents of 4 MiB.
GROUP = disk.GROUPS["debian"][0]
EXTENT = 4 * images.MIB
# What the running copies of the Debians have in common.
BOOTED = ["boot-completes", "boot-ssh-login", "boot-no-failed-units", "boot-ssh-host-keys-new"]
SMALL = {"baseline_tags": [*BOOTED, "ssh", "sudo"], "verify_severity": "critical"}
HAS_DATA = 'test "$(cat /srv/patients)" = "of the site" && findmnt --noheadings --output SOURCE /srv | grep -x {}'
# What only the running copy of the stand-in can tell, and what its own programs say of it.
ENTERPRISE_SMOKE = {
    "enforcing": 'test "$(getenforce)" = Enforcing',
    "denials": "! { cat /var/log/audit/audit.log; journalctl --dmesg; } | grep -E 'avc: +denied'",
    # What LVM writes when the system starts has the label of its directory.
    "labels": 'test -z "$(restorecon -R -n -v -e /etc/lvm /boot /etc /usr /home /root)"',
    "volumes": "findmnt --noheadings --output SOURCE,FSTYPE / | grep -E '^/dev/mapper/rhel-root +xfs'",
}


def plain(place, tree):
    """A partition in qcow2, which starts by BIOS."""
    source = build(place / "plain.qcow2", tree)
    return {**SMALL, "template_source": source, "verify_smoke": smoke(root="findmnt --noheadings --output SOURCE / | grep -x /dev/vda2")}


def appliance(place, tree):
    """An OVA of vSphere, which starts by UEFI, with two disks over which one volume group lies: the root is on the first and its data on the second."""
    mount = f"/dev/{GROUP}/data /srv ext4 defaults 0 2"
    laid_out = ["--layout", "lvm", "--firmware", "uefi", "--size", SIZE + BESIDE, "--fstab", mount]
    first = build(place / "first.raw", tree, "--format", "raw", *laid_out)
    (place / "member.raw").write_bytes(bytes(DATA + 2 * EXTENT))
    second = images.disk("gpt", place / "second.raw", [("lvm", place / "member.raw")])
    with lvm.on(place / "lvm", a=(first, *partitions(first)[-1]), b=(second, *partitions(second)[0])) as tools:
        tools.run("vgextend", "-y", GROUP, tools.device("b"))
        tools.create(GROUP, "data", DATA // EXTENT, tools.device("b"))
        ((unused_device, start, unused_size),) = tools.layout()["data"]
    put(data(place), second, partitions(second)[0][0] + start)
    disks = {"web-disk1.vmdk": first, "web-disk2.vmdk": second}
    for name, raw in disks.items():
        images.call("qemu-img", "convert", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, place / name)
    contents = {name: (place / name).read_bytes() for name in disks}
    source = ovf.ova(place / "appliance.ova", ovf.several(contents, list(contents)))
    mapped = f"/dev/mapper/{GROUP.replace('-', '--')}"
    tried = smoke(root=f"findmnt --noheadings --output SOURCE / | grep -x {mapped}-root", data=HAS_DATA.format(f"{mapped}-data"))
    return {**SMALL, "template_source": source, "verify_smoke": tried}


def two_disks(place, tree):
    """A disk for the system, which starts by its master boot record, and one for its data, in VHDX."""
    made = {
        "os": build(place / "first.raw", tree, "--format", "raw", "--table", "mbr", "--fstab", "LABEL=data /srv ext4 defaults 0 2"),
        "data": images.disk("gpt", place / "second.raw", [("linux", data(place))]),
    }
    for name, raw in made.items():
        images.call("qemu-img", "convert", "-O", "vhdx", raw, place / f"{name}.vhdx")
    tried = smoke(data=HAS_DATA.format("/dev/vdb1"))
    return {**SMALL, "template_source": place / "os.vhdx", "template_disks": [{"path": place / "data.vhdx"}], "verify_smoke": tried}


def enterprise(place, unused_tree):
    """The stand-in for Enterprise Linux with the whole profile of the main job."""
    source = build(place / "enterprise.qcow2", None, "--family", "el", "--size", "3072")
    return {"template_source": source, "baseline_profile": "hipaa", "verify_smoke": smoke(**ENTERPRISE_SMOKE)}


# What takes longest comes first.
MADE = {"enterprise": enterprise, "plain": plain, "appliance": appliance, "two-disks": two_disks}
DEBIANS = [name for name in MADE if name != "enterprise"]


def make(place, name, tree):
    """The variables of a template's host."""
    directory = place / name
    directory.mkdir()
    variables = MADE[name](directory, tree)
    for left in (*directory.glob("*.raw"), *directory.glob("web-*.vmdk")):
        left.unlink()
    return variables


def smoke(**commands):
    return [{"name": name, "command": command, "timeout": 300} for name, command in commands.items()]


def build(path, tree, *options):
    """A disk that boots, with a tree on it or that of a family."""
    command = [sys.executable, PROJECT / "tests/templates/build.py", "--cache", PROJECT / ".build/cache", "--output", path]
    own = ["--tree", tree] if tree else []
    subprocess.run(list(map(str, [*command, *own, "--size", SIZE, *options])), check=True)
    return path


def partitions(raw):
    """The places of a disk's partitions, as (offset, size) in bytes."""
    table = json.loads(images.call("sfdisk", "--json", raw))["partitiontable"]["partitions"]
    return [(part["start"] * 512, part["size"] * 512) for part in table]


def data(place):
    """What the system keeps outside of its root."""
    tree = place / "data"
    tree.mkdir()
    (tree / "patients").write_text("of the site\n")
    return images.filesystem("ext4", place / "data-disk.raw", tree, size=DATA, label="data")


def put(content, raw, offset):
    with open(raw, "r+b") as stream:
        stream.seek(offset)
        stream.write(content.read_bytes())
