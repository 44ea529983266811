# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logical volumes in pieces, on a build host whose kernel has the device-mapper and that has a group of the same name itself."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.templates import images, lvm

MIB = images.MIB
# The volume put together again from its pieces, as MiB of the disk and how many, and its root as debugfs sees it.
READ_BACK = """
set -e
cd /srv
qemu-img convert -O raw golden/web.qcow2 out.raw
! grep -q CANARY- out.raw
for piece in "2 20" "23 10" "62 18"; do
  dd if=out.raw of=root bs=1M skip=${piece% *} count=${piece#* } oflag=append conv=notrunc status=none
done
e2fsck -fn root >&2
debugfs -R 'cat /etc/stamp' root
rm -r out.raw root golden
"""


def test_a_root_in_pieces_goes_the_whole_way(tmp_path, host):
    """It was grown over something else and over a second partition, with traces of a deleted file in all of its pieces."""
    tree = images.system(tmp_path / "tree", "/dev/mapper/vg-root / ext4 defaults 0 1\n")
    root = images.filesystem("ext4", tmp_path / "root.raw", tree, 48 * MIB)
    images.mounted(root, "{ yes CANARY-deleted | head -c 20000000 > MOUNT/big; sync; rm MOUNT/big; }")

    def divided(tools):
        tools.run("lvremove", "-y", "vg/root")
        tools.create("vg", "root", 20, tools.device("a"))
        tools.create("vg", "swap", 1, tools.device("a"))
        tools.run("lvextend", "-l", "+10", "vg/root", tools.device("a"))
        tools.run("lvextend", "-l", "+18", "vg/root", tools.device("b"))

    members = lvm.group(tmp_path, "vg", 60 * MIB, divided, devices="ab", root=root)
    disk = images.disk("gpt", tmp_path / "disk.raw", [("lvm", member) for member in members])
    source = host.copy(images.qcow2(disk, tmp_path / "pieces.qcow2"))
    digest = host.run(f"sha256sum {source}")
    assert host.do("open", source=source)["session"]["root"]["volume"] == "vg/root"
    host.enter("echo changed > /etc/stamp")
    residue = host.do("closed")["session"]["residue"]
    assert residue["not_overwritten"] == []
    host.do("promoted")
    assert host.run(READ_BACK) == "changed\n"
    assert host.run(f"sha256sum {source}") == digest
