# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import Partition
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

GPT = {
    "partitiontable": {
        "label": "gpt",
        "id": "8E35",
        "sectorsize": 512,
        "partitions": [
            {"node": "/w/disk1", "start": 2048, "size": 2048, "type": "C12A", "uuid": "AAAA-01", "name": "esp"},
            {"node": "/w/disk2", "start": 4096, "size": 8192, "type": "0FC6", "uuid": "AAAA-02"},
        ],
    }
}
MBR = {
    "partitiontable": {
        "label": "dos",
        "id": "0x1234abcd",
        "partitions": [
            {"node": "/w/disk1", "start": 2048, "size": 2048, "type": "83", "bootable": True},
            {"node": "/w/disk2", "start": 4096, "size": 8192, "type": "5"},
            {"node": "/w/disk5", "start": 6144, "size": 4096, "type": "83"},
        ],
    }
}
EXT4 = "TYPE=ext4\nUUID=u-2\nLABEL=my\\ root\n"


@pytest.fixture
def probed(monkeypatch):
    """A disk about which blkid answers by offset, and sfdisk as given."""

    def make(answers, table=None):
        def run(argv):
            if argv[0] == "sfdisk":
                return CommandResult(0, json.dumps(table), "") if table else CommandResult(1, "", "sfdisk: bad table")
            offset = int(argv[argv.index("--offset") + 1]) if "--offset" in argv else 0
            return CommandResult(0, answers.get(offset, ""), "")

        monkeypatch.setattr(partitions, "run", run)
        monkeypatch.setattr(partitions.os.path, "getsize", lambda unused_path: 1 << 20)
        return partitions.read("/w/disk", "template")

    return make


def test_gpt(probed):
    found = probed({0: "PTTYPE=gpt\n", 2048 * 512: "TYPE=vfat\nUUID=0A-1\n", 4096 * 512: EXT4}, GPT)
    assert found == [
        Partition(1, 2048 * 512, 2048 * 512, "vfat", "0A-1", "", "aaaa-01", "esp", "/w/disk"),
        Partition(2, 4096 * 512, 8192 * 512, "ext4", "u-2", "my root", "aaaa-02", "", "/w/disk"),
    ]


def test_mbr_with_an_extended_partition(probed):
    found = probed({0: "PTTYPE=dos\n", 6144 * 512: EXT4}, MBR)
    assert [(part.number, part.filesystem, part.partuuid) for part in found] == [(1, "", "1234abcd-01"), (5, "ext4", "1234abcd-05")]


@pytest.mark.parametrize("boot_sector", ["", "PTTYPE=dos\n"])
def test_a_bare_filesystem_even_with_a_boot_sector(probed, boot_sector):
    found = probed({0: boot_sector + EXT4})
    assert found == [Partition(0, 0, 1 << 20, "ext4", "u-2", "my root", disk="/w/disk")]


def test_an_unknown_partition_table(probed):
    with pytest.raises(ImageError, match="template has a partition table of the type mac: only GPT, MBR"):
        probed({0: "PTTYPE=mac\n"})


def test_a_partition_table_that_sfdisk_cannot_read(probed):
    with pytest.raises(ImageError, match="the partition table of template cannot be read: sfdisk: bad table"):
        probed({0: "PTTYPE=gpt\n"})


@pytest.mark.parametrize(
    "filesystem,sentence",
    [
        ("LVM2_member", r"holds no Linux system .* on partition 2 \(LVM2_member, 4.0 MiB\)"),
        ("crypto_LUKS", "is encrypted with LUKS"),
        ("linux_raid_member", "is a member of a RAID array"),
        ("zfs_member", "is a member of a ZFS pool"),
        ("", "holds no filesystem that is known"),
        ("ntfs", r"holds Windows on partition 2 \(ntfs, 4.0 MiB\), which is audited and not changed: run hygeia.golden.audit_image on it$"),
    ],
)
def test_why_there_is_no_root(filesystem, sentence):
    with pytest.raises(ImageError, match=sentence):
        partitions.candidates([Partition(2, 0, 4 << 20, filesystem)], "template")


@pytest.mark.parametrize(
    "wanted,sentence",
    [
        (7, r"template has no partition 7: name one of those that it has, partition 1 \(ext4, 1.0 MiB\), partition 2 \(swap, 1.0 MiB\)"),
        (2, r"holds no Linux system \(no etc/os-release\) on partition 2 \(swap, 1.0 MiB\)$"),
        (3, r"holds no filesystem that is known on partition 3"),
    ],
)
def test_a_partition_that_is_wanted_and_cannot_be_opened(wanted, sentence):
    there = [Partition(1, 0, 1 << 20, "ext4"), Partition(2, 0, 1 << 20, "swap")]
    with pytest.raises(ImageError, match=sentence):
        partitions.candidates([*there, Partition(3, 0, 1 << 20)] if wanted == 3 else there, "template", wanted)
    assert partitions.candidates(there, "template", 1) == there[:1]


def test_an_encrypted_data_partition_is_no_obstacle():
    root = Partition(1, 0, 1 << 20, "xfs")
    assert partitions.candidates([root, Partition(2, 0, 1 << 20, "crypto_LUKS")], "template") == [root]
