# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import filesystems, fstab_sources
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Problem

NO_VOLUME = {"volume": "", "mapper": "", "mapper_uuid": "", "pieces": [], "refused": "", "luks": ""}
PARTITIONS: list[dict[str, object]] = [
    {"number": 1, "uuid": "0ABC-1234", "label": "", "partuuid": "aa-01", "partlabel": "esp", "filesystem": "vfat"},
    {"number": 2, "uuid": "u-2", "label": "root", "partuuid": "aa-02", "partlabel": "", "filesystem": "ext4"},
    {"number": 3, "uuid": "u-3", "label": "My Disk", "partuuid": "aa-03", "partlabel": "", "filesystem": "ext4"},
    {"number": 4, "uuid": "u-4", "label": "", "partuuid": "aa-04", "partlabel": "", "filesystem": "btrfs"},
]
for one in PARTITIONS:
    one.update(disk="disk", disk_number=1, offset=one["number"], **NO_VOLUME)


VOLUME = {
    **PARTITIONS[1],
    "number": 0,
    "uuid": "u-5",
    "label": "lv",
    "partuuid": "",
    "offset": 9,
    "volume": "my-vg/my-lv",
    "mapper": "my--vg-my--lv",
    "mapper_uuid": "LVM-GgVv",
}


@pytest.mark.parametrize(
    "device,found",
    [
        ("/dev/mapper/my--vg-my--lv", True),
        ("/dev/my-vg/my-lv", True),
        ("/dev/disk/by-id/dm-uuid-LVM-GgVv", True),
        ("/dev/disk/by-id/dm-name-my--vg-my--lv", True),
        ("/dev/disk/by-uuid/u-5", True),
        ("UUID=u-5", True),
        ("LABEL=lv", True),
        ("/dev/mapper/my-vg-my-lv", False),
        ("/dev/mapper/", False),
        ("/dev/vda0", False),
        ("/dev/", False),
    ],
)
def test_what_fstab_calls_a_logical_volume(device, found):
    resolved = fstab_sources.resolve(device, [*PARTITIONS, VOLUME], {"/dev/vda": 1})
    assert (resolved is VOLUME) == found and (resolved is not None) == found


def test_a_volume_that_is_not_opened(mounting):
    refused = [*PARTITIONS, {**VOLUME, "refused": "the logical volume is a mirror"}]
    assert mounting("/dev/my-vg/my-lv /srv ext4 defaults\n", refused) == ([], ["/srv: the logical volume is a mirror"])
    with pytest.raises(Problem, match="fstab of the template has /var, but the logical volume is a mirror"):
        mounting("UUID=u-5 /var ext4 defaults\n", refused)


@pytest.fixture
def mounting(monkeypatch, tmp_path):
    """What is mounted for a text of fstab below a root: the places with partitions and options, and the sentences."""

    def mount(text, partitions=PARTITIONS):
        attached = []
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc/fstab").write_text(text, encoding="utf-8")
        monkeypatch.setattr(filesystems, "attach", lambda *words: attached.append((words[1], words[0]["number"], words[2])))
        unused_mounts, skipped = filesystems.mount_others(partitions, str(tmp_path), (PARTITIONS[1], ""))
        return [(place[len(str(tmp_path)) :], *rest) for place, *rest in attached], skipped

    return mount


def test_a_filesystem_is_mounted_once(mounting):
    """The root by UUID, and again by the name of a device: that would be emptied with /tmp."""
    assert mounting("UUID=u-2 / ext4\n/dev/nvme0n1p2 /tmp ext4\n") == ([], ["/tmp: /dev/nvme0n1p2 is not on this disk"])
    assert mounting("/dev/vda2 / ext4\n/dev/vda2 /tmp ext4\n") == ([], ["/tmp: /dev/vda2 is mounted already"])
    assert mounting("UUID=u-2 / ext4\nLABEL=My\\040Disk /a ext4\nUUID=u-3 /b ext4\n") == (
        [("/a", 3, "")],
        ["/b: UUID=u-3 is mounted already"],
    )


FURTHER = [
    {**PARTITIONS[2], "disk": "disk2", "disk_number": 2, "number": 1, "offset": 1, "uuid": "u-5", "label": "data"},
    {**PARTITIONS[2], "disk": "disk2", "disk_number": 2, "number": 2, "offset": 2, "uuid": "u-6", "label": "My Disk"},
    {**PARTITIONS[2], "disk": "disk3", "disk_number": 3, "number": 0, "offset": 0, "uuid": "u-7", "label": "", "filesystem": "swap"},
]


def test_what_another_disk_has_is_mounted_from_there(mounting):
    assert mounting("UUID=u-2 / ext4\nUUID=u-5 /srv ext4\nUUID=u-3 /home ext4\n", PARTITIONS + FURTHER) == (
        [("/srv", 1, ""), ("/home", 3, "")],
        [],
    )
    assert mounting("/dev/vda2 / ext4\n/dev/vdb2 /srv ext4\n/dev/vdb1 /a ext4\n/dev/vdd1 /b ext4\n", PARTITIONS + FURTHER) == (
        [("/srv", 2, ""), ("/a", 1, "")],
        ["/b: /dev/vdd1 is on none of the 3 disks"],
    )


def test_a_partition_of_another_disk_is_not_that_of_the_only_disk(mounting):
    """The root was mounted a second time at the place of what lies on a disk that is not there."""
    assert mounting("/dev/sda2 / ext4\n/dev/sdb2 /srv ext4\n") == ([], ["/srv: /dev/sdb2 is not on this disk"])
    assert mounting("/dev/sdb2 / ext4\n/dev/sda3 /srv ext4\n") == ([], ["/srv: /dev/sda3 is not on this disk"])


def test_a_disk_that_is_missing(mounting):
    assert mounting("UUID=u-2 / ext4\nUUID=u-5 /srv ext4\n/dev/sdb1 /var/lib/db ext4 nofail\n") == (
        [],
        ["/srv: UUID=u-5 is not on this disk", "/var/lib/db: /dev/sdb1 is not on this disk"],
    )
    with pytest.raises(Problem, match="fstab of the template has /var, but UUID=u-8 is on none of the 3 disks"):
        mounting("UUID=u-8 /var ext4\n", PARTITIONS + FURTHER)


@pytest.mark.parametrize(
    "text,sentence",
    [
        (
            "LABEL=My\\040Disk /srv ext4 nofail\n",
            "LABEL=My Disk is on partition 3 and on partition 2 of disk 2: each filesystem needs its own",
        ),
        ("UUID=u-7 /srv ext4\n", "UUID=u-7 holds swap, which is not opened"),
    ],
)
def test_what_is_no_filesystem_of_its_own_is_not_mounted(mounting, text, sentence):
    assert mounting(f"UUID=u-2 / ext4\n{text}", PARTITIONS + FURTHER) == ([], [f"/srv: {sentence}"])
    with pytest.raises(Problem, match=sentence):
        mounting(text.replace("/srv", "/var").replace("nofail", "auto"), PARTITIONS + FURTHER)


UNKNOWN = {**PARTITIONS[1], "number": 9, "offset": 9, "uuid": "", "label": "", "partuuid": "aa-09", "filesystem": ""}


@pytest.mark.parametrize(
    "source,sentence",
    [
        ("UUID=u-7", "fstab of the template has / on disk 3, which holds swap, but the system is on partition 2"),
        ("PARTUUID=aa-09", "fstab of the template has / on partition 9, which holds nothing known, but the system is on partition 2"),
        ("UUID=u-5", "fstab of the template has / on partition 1 of disk 2, which holds ext4, but the system is on partition 2"),
        ("UUID=u-2", "UUID=u-2 is on partition 2 and on partition 2 of disk 2: each filesystem needs its own"),
    ],
)
def test_a_root_that_fstab_has_elsewhere(mounting, source, sentence):
    twin = {**FURTHER[1], "uuid": "u-2"} if "u-2" in source else FURTHER[1]
    with pytest.raises(Problem, match=sentence):
        mounting(f"{source} / ext4\n", [*PARTITIONS, FURTHER[0], twin, FURTHER[2], UNKNOWN])


def test_the_type_and_the_options_are_ours(mounting):
    """An fstab was code: a type such as fuse.bash had mount(8) run it on the build host."""
    assert mounting("UUID=u-3 /srv fuse.bash exec,dev,suid,context=x,helper=y,offset=5 0 0\n") == ([("/srv", 3, "")], [])
    assert mounting("UUID=u-4 /srv btrfs subvol=@srv,subvol=a\\040b,exec\n") == ([("/srv", 4, "subvol=@srv")], [])


def test_what_is_not_mounted(mounting):
    assert mounting("UUID=u-3 /srv ext4 noauto\nUUID=u-3 none swap sw\nsrv:/x /x nfs\nUUID=u-3 /run/x ext4\nUUID=u-2 / ext4\n") == ([], [])
    assert mounting("UUID=gone /var ext4 nofail\n") == ([], ["/var: UUID=gone is not on this disk"])
    with pytest.raises(Problem, match="fstab of the template has /var, but UUID=gone is not on this disk"):
        mounting("UUID=gone /var ext4\n")


def test_a_mount_point_behind_a_symbolic_link_is_refused(tmp_path):
    os.makedirs(tmp_path / "srv")
    os.symlink("/etc", tmp_path / "srv/link")
    assert filesystems.inside(str(tmp_path), "/srv/data") == str(tmp_path / "srv/data")
    with pytest.raises(Problem, match="/srv/link/data of the template is behind a symbolic link"):
        filesystems.inside(str(tmp_path), "/srv/link/data")


@pytest.fixture
def disk(monkeypatch, tmp_path):
    """Partitions that mount(8) would show: each is a set of paths."""
    state = {"mounted": []}

    def make(contents):
        def attach(partition, place, options):
            state["mounted"].append((partition["number"], options))
            for name in contents[partition["number"]].get(options.partition("subvolid=")[2], []):
                os.makedirs(os.path.join(place, os.path.dirname(name)), exist_ok=True)
                os.symlink("../usr/lib/os-release", os.path.join(place, name))

        def umount(place, flags=0):
            for directory, directories, files in os.walk(place, topdown=False):
                for name in files + directories:
                    path = os.path.join(directory, name)
                    os.unlink(path) if os.path.islink(path) else os.rmdir(path)

        monkeypatch.setattr(filesystems, "attach", attach)
        monkeypatch.setattr(filesystems, "umount", umount)
        return [
            {"number": number, "disk_number": 1, "filesystem": content["filesystem"], **NO_VOLUME} for number, content in contents.items()
        ]

    make.place = str(tmp_path)
    make.state = state
    return make


def test_the_root_is_where_os_release_is(disk):
    found = disk({1: {"filesystem": "ext4"}, 2: {"filesystem": "xfs", "": ["etc/os-release"]}})
    partition, options = filesystems.find_root(found, disk.place)
    assert (partition["number"], options) == (2, "nouuid")


def test_nothing_is_written_while_looking(disk):
    found = disk({1: {"filesystem": "ext4", "": ["usr/lib/os-release"]}, 2: {"filesystem": "xfs"}, 3: {"filesystem": "btrfs"}})
    filesystems.find_root(found, disk.place)
    assert [options for unused_number, options in disk.state["mounted"]] == [
        "ro,noload",
        "ro,norecovery,nouuid",
        "ro,rescue=nologreplay",
        "ro,rescue=nologreplay,subvolid=5",
    ]


@pytest.mark.parametrize(
    "volumes,chosen",
    [
        (["@/etc/os-release", "snapshot/etc/os-release"], "subvol=/@"),
        (["@rootfs/etc/os-release"], "subvol=/@rootfs"),
        (["mine/etc/os-release"], "subvol=/mine"),
    ],
)
def test_a_btrfs_root_may_be_a_subvolume(disk, volumes, chosen):
    found = disk({1: {"filesystem": "btrfs", "5": volumes}})
    assert filesystems.find_root(found, disk.place)[1] == chosen


def test_no_root_and_two_roots(disk):
    with pytest.raises(filesystems.NoRoot):
        filesystems.find_root(disk({1: {"filesystem": "ext4"}}), disk.place)
    two = disk({1: {"filesystem": "ext4", "": ["etc/os-release"]}, 2: {"filesystem": "ext4", "": ["etc/os-release"]}})
    with pytest.raises(Problem, match="lies on partition 1 and on partition 2: name one with the option partition"):
        filesystems.find_root(two, disk.place)
