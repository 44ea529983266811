# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import fstab_sources
from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab


def part(number, disk=1, **carried):
    empty = {"uuid": "", "label": "", "partuuid": "", "partlabel": "", "volume": "", "mapper": "", "mapper_uuid": "", "luks": ""}
    return {**empty, **carried, "number": number, "disk_number": disk}


PARTITIONS = [
    part(1, uuid="0ABC-1234", partuuid="aa-01", partlabel="esp"),
    part(2, uuid="u-2", label="root", partuuid="aa-02"),
    part(3, uuid="u-3", label="My Disk", partuuid="aa-03"),
    part(0, 2, uuid="u-4"),
]


@pytest.mark.parametrize(
    "source,place",
    [
        ("UUID=u-2", (1, 2)),
        ("UUID=0abc-1234", (1, 1)),
        ("LABEL=root", (1, 2)),
        ("LABEL=My Disk", (1, 3)),
        ("PARTUUID=AA-01", (1, 1)),
        ("PARTLABEL=esp", (1, 1)),
        ("UUID=u-4", (2, 0)),
        ("/dev/disk/by-uuid/u-2", (1, 2)),
        ("/dev/disk/by-partuuid/aa-02", (1, 2)),
        ("/dev/disk/by-label/My\\x20Disk", (1, 3)),
        ("/dev/vda2", (1, 2)),
        ("/dev/vdb", (2, 0)),
        ("UUID=other", None),
        ("/dev/vda9", None),
        ("/dev/vda", None),
        ("/dev/vdb1", None),
        ("/dev/mapper/vg-root", None),
        ("/dev/disk/by-path/pci-0000:00:04.0-part2", None),
        ("LABEL=", None),
        ("/dev/sda2", None),
        ("/dev/vdc2", None),
        ("/dev/nvme0n1p2", None),
    ],
)
def test_what_fstab_calls_a_filesystem(source, place):
    found = fstab_sources.resolve(source, PARTITIONS, {"/dev/vda": 1, "/dev/vdb": 2})
    assert (found and (found["disk_number"], found["number"])) == place


@pytest.mark.parametrize(
    "root,names",
    [
        ("/dev/vda2", {"/dev/vda": 1}),
        ("/dev/sdc2", {"/dev/sdc": 1}),
        ("/dev/nvme0n1p2", {"/dev/nvme0n1": 1}),
        ("/dev/mmcblk1p2", {"/dev/mmcblk1": 1}),
        ("/dev/vda1", {}),
        ("/dev/vda", {}),
        ("UUID=u-2", {}),
        ("/dev/mapper/vg-root", {}),
        ("/dev/nvme0n2p2", {}),
    ],
)
def test_the_only_disk_is_known_by_the_roots_own_entry(root, names):
    entries = list(fstab.read(f"{root} / ext4\n/dev/sda1 /srv ext4\n/dev/sdz1 /x ext4\n"))
    assert fstab_sources.disk_names(entries, PARTITIONS[1], 1) == names


@pytest.mark.parametrize(
    "root,others,names",
    [
        ("/dev/sda2", ["/dev/sdb1", "/dev/sdc"], {"/dev/sda": 1, "/dev/sdb": 2}),
        ("/dev/nvme0n1p2", ["/dev/nvme1n1p1", "/dev/sda1"], {"/dev/nvme0n1": 1, "/dev/nvme1n1": 2}),
        ("UUID=u-2", ["/dev/xvdb1"], {"/dev/xvdb": 2}),
        ("UUID=u-2", ["/dev/vda3", "/dev/vdb"], {"/dev/vda": 1, "/dev/vdb": 2}),
        # The order in which the disks are given is not that of the names, or there are two orders.
        ("/dev/sdb2", ["/dev/sda1"], {"/dev/sdb": 1}),
        ("/dev/sda1", ["/dev/sdb1"], {}),
        ("UUID=u-2", ["/dev/sda1", "/dev/vdb1"], {}),
        ("UUID=u-2", ["UUID=u-4"], {}),
        ("UUID=u-2", ["/dev/sdaa1", "/dev/hdzz9"], {}),
    ],
)
def test_several_disks_are_named_in_their_order(root, others, names):
    entries = list(fstab.read("".join(f"{source} /{number or ''} ext4\n" for number, source in enumerate([root, *others]))))
    assert fstab_sources.disk_names(entries, PARTITIONS[1], 2) == names


INSIDE = part(3, uuid="u-9", luks="aaaa-bb", luks_version=2, mapper="luks-aaaa-bb")
ENCRYPTED = [PARTITIONS[0], part(3, uuid="aaaa-bb", partuuid="aa-03"), INSIDE]


@pytest.mark.parametrize(
    "crypttab,source,found",
    [
        ("sda3_crypt UUID=aaaa-bb none luks,discard\n", "/dev/mapper/sda3_crypt", True),
        ("# a\n\nsda3_crypt\tPARTUUID=aa-03 none luks\n", "/dev/mapper/sda3_crypt", True),
        ("sda3_crypt /dev/disk/by-uuid/aaaa-bb\n", "/dev/disk/by-id/dm-name-sda3_crypt", True),
        ("sda3_crypt UUID=aaaa-bb\n", "/dev/disk/by-id/dm-uuid-CRYPT-LUKS2-aaaabb-sda3_crypt", True),
        ("one UUID=aaaa-bb\ntwo UUID=aaaa-bb\n", "/dev/mapper/two", False),
        ("other UUID=u-9\n", "/dev/mapper/other", False),
        ("lonely\n", "/dev/mapper/lonely", False),
        ("", "/dev/mapper/luks-aaaa-bb", True),
        ("", "UUID=u-9", True),
        ("", "PARTUUID=aa-03", False),
        ("", "/dev/vda3", False),
    ],
)
def test_what_fstab_calls_what_luks_holds(crypttab, source, found):
    partitions = fstab_sources.named_by_crypttab(crypttab, ENCRYPTED, {})
    resolved = fstab_sources.resolve(source, partitions, {"/dev/vda": 1})
    assert bool(resolved and resolved["luks"]) == found


def test_the_name_of_a_disk_says_nothing_about_a_root_in_a_container():
    entries = list(fstab.read("/dev/vda3 / ext4\n"))
    assert fstab_sources.disk_names(entries, INSIDE, 1) == {}
