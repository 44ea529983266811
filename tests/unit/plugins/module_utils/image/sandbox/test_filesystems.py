# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import filesystems
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Problem
from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab

NO_VOLUME = {"volume": "", "mapper": "", "mapper_uuid": "", "pieces": [], "refused": ""}
PARTITIONS: list[dict[str, object]] = [
    {"number": 1, "uuid": "0ABC-1234", "label": "", "partuuid": "aa-01", "partlabel": "esp", "filesystem": "vfat"},
    {"number": 2, "uuid": "u-2", "label": "root", "partuuid": "aa-02", "partlabel": "", "filesystem": "ext4"},
    {"number": 3, "uuid": "u-3", "label": "My Disk", "partuuid": "aa-03", "partlabel": "", "filesystem": "ext4"},
    {"number": 4, "uuid": "u-4", "label": "", "partuuid": "aa-04", "partlabel": "", "filesystem": "btrfs"},
]
for one in PARTITIONS:
    one.update(disk="disk", disk_number=1, offset=one["number"], **NO_VOLUME)


@pytest.mark.parametrize(
    "device,number",
    [
        ("UUID=u-2", 2),
        ("UUID=0abc-1234", 1),
        ("LABEL=root", 2),
        ("LABEL=My Disk", 3),
        ("PARTUUID=AA-01", 1),
        ("PARTLABEL=esp", 1),
        ("/dev/disk/by-uuid/u-2", 2),
        ("/dev/disk/by-partuuid/aa-02", 2),
        ("/dev/disk/by-label/My\\x20Disk", 3),
        ("/dev/vda2", 2),
        ("UUID=other", None),
        ("/dev/vda9", None),
        ("/dev/mapper/vg-root", None),
        ("LABEL=", None),
        ("/dev/sda2", None),
        ("/dev/vdb2", None),
        ("/dev/nvme0n1p2", None),
    ],
)
def test_what_fstab_calls_a_device(device, number):
    found = filesystems.resolve(device, [dict(part, label=part["label"] or "-") for part in PARTITIONS], "/dev/vda")
    assert (found and found["number"]) == number


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
    resolved = filesystems.resolve(device, [*PARTITIONS, VOLUME], "/dev/vda")
    assert (resolved is VOLUME) == found and (resolved is not None) == found


def test_a_volume_that_is_not_opened(mounting, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PARTITIONS", [*PARTITIONS, {**VOLUME, "refused": "the logical volume is a mirror"}])
    assert mounting("/dev/my-vg/my-lv /srv ext4 defaults\n") == ([], ["/srv: the logical volume is a mirror"])
    with pytest.raises(Problem, match="fstab of the template has /var, but the logical volume is a mirror"):
        mounting("UUID=u-5 /var ext4 defaults\n")


@pytest.mark.parametrize(
    "root,disk",
    [("/dev/vda2", "/dev/vda"), ("/dev/nvme0n1p2", "/dev/nvme0n1"), ("/dev/vda1", None), ("UUID=u-2", None), ("/dev/mapper/vg-root", None)],
)
def test_the_disk_is_known_by_the_roots_own_entry_only(root, disk):
    entries = list(fstab.read(f"{root} / ext4\n/dev/sdz1 /srv ext4\n"))
    assert filesystems.root_disk(entries, PARTITIONS[1]) == disk


@pytest.fixture
def mounting(monkeypatch, tmp_path):
    """What is mounted for a text of fstab below a root: the places with partitions and options, and the sentences."""

    def mount(text, *taken):
        attached = []
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc/fstab").write_text(text, encoding="utf-8")
        monkeypatch.setattr(filesystems, "attach", lambda *words: attached.append((words[1], words[0]["number"], words[2])))
        unused_mounts, skipped = filesystems.mount_others(PARTITIONS, str(tmp_path), (PARTITIONS[1], ""))
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


def test_the_type_and_the_options_are_ours(mounting):
    """An fstab was code: a type such as fuse.bash had mount(8) run it on the build host."""
    assert mounting("UUID=u-3 /srv fuse.bash exec,dev,suid,context=x,helper=y,offset=5 0 0\n") == ([("/srv", 3, "")], [])
    assert mounting("UUID=u-4 /srv btrfs subvol=@srv,subvol=a\\040b,exec\n") == ([("/srv", 4, "subvol=@srv")], [])


def test_what_is_not_mounted(mounting):
    assert mounting("UUID=u-3 /srv ext4 noauto\nUUID=u-3 none swap sw\nsrv:/x /x nfs\nUUID=u-3 /run/x ext4\nUUID=u-3 / ext4\n") == ([], [])
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
