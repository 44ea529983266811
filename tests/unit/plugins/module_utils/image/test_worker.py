# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image import worker

PARTITIONS = [
    {"number": 1, "uuid": "0ABC-1234", "label": "", "partuuid": "aa-01", "partlabel": "esp", "filesystem": "vfat"},
    {"number": 2, "uuid": "u-2", "label": "root", "partuuid": "aa-02", "partlabel": "", "filesystem": "ext4"},
]


@pytest.mark.parametrize("device,number", [
    ("UUID=u-2", 2), ("UUID=0abc-1234", 1), ('UUID="u-2"', 2), ("LABEL=root", 2), ("PARTUUID=AA-01", 1), ("PARTLABEL=esp", 1),
    ("/dev/disk/by-uuid/u-2", 2), ("/dev/disk/by-partuuid/aa-02", 2), ("/dev/sda2", 2), ("/dev/vda1", 1), ("/dev/nvme0n1p2", 2),
    ("/dev/mmcblk0p1", 1), ("/dev/xvda2", 2),
    ("UUID=other", None), ("/dev/sda3", None), ("/dev/mapper/vg-root", None), ("LABEL=", None),
])
def test_what_fstab_calls_a_device(device, number):
    found = worker.resolve(device, [dict(part, label=part["label"] or "-") for part in PARTITIONS])
    assert (found and found["number"]) == number


def test_what_of_fstab_lies_on_a_disk():
    text = (
        "# a comment\n\nUUID=u-2 / ext4 errors=remount-ro 0 1 # root\nUUID=5 none swap sw 0 0\ntmpfs /tmp tmpfs size=1g 0 0\n"
        "srv:/x /x nfs defaults 0 0\n/a /b none bind 0 0\nLABEL=d /srv/my\\040data/ xfs noauto,nofail\nbroken\n"
    )
    assert list(worker.fstab(text)) == [
        {"device": "UUID=u-2", "place": "/", "type": "ext4", "options": ["errors=remount-ro"]},
        {"device": "LABEL=d", "place": "/srv/my data", "type": "xfs", "options": ["noauto", "nofail"]},
    ]
    assert not list(worker.fstab(None))


def test_a_mount_point_behind_a_symbolic_link_is_refused(tmp_path):
    os.makedirs(tmp_path / "srv")
    os.symlink("/etc", tmp_path / "srv/link")
    assert worker.inside(str(tmp_path), "/srv/data") == str(tmp_path / "srv/data")
    with pytest.raises(worker.Problem, match="/srv/link/data of the template lies behind a symbolic link"):
        worker.inside(str(tmp_path), "/srv/link/data")


@pytest.fixture
def disk(monkeypatch, tmp_path):
    """Partitions that mount(8) would show: each is a set of paths."""
    state = {"mounted": []}

    def make(contents):
        def attach(unused_disk, partition, place, options):
            state["mounted"].append((partition["number"], options))
            for name in contents[partition["number"]].get(options.partition("subvolid=")[2], []):
                os.makedirs(os.path.join(place, os.path.dirname(name)), exist_ok=True)
                os.symlink("../usr/lib/os-release", os.path.join(place, name))

        def umount(place, flags=0):
            for folder, folders, files in os.walk(place, topdown=False):
                for name in files + folders:
                    path = os.path.join(folder, name)
                    os.unlink(path) if os.path.islink(path) else os.rmdir(path)

        monkeypatch.setattr(worker, "attach", attach)
        monkeypatch.setattr(worker, "umount", umount)
        return [{"number": number, "filesystem": content["filesystem"]} for number, content in contents.items()]

    make.place = str(tmp_path)
    make.state = state
    return make


def test_the_root_is_where_os_release_is(disk):
    found = disk({1: {"filesystem": "ext4"}, 2: {"filesystem": "xfs", "": ["etc/os-release"]}})
    partition, options = worker.find_root("disk", found, None, disk.place)
    assert (partition["number"], options) == (2, "nouuid")


def test_nothing_is_written_while_looking(disk):
    found = disk({1: {"filesystem": "ext4", "": ["usr/lib/os-release"]}, 2: {"filesystem": "xfs"}, 3: {"filesystem": "btrfs"}})
    worker.find_root("disk", found, None, disk.place)
    assert [options for unused_number, options in disk.state["mounted"]] == [
        "ro,noload", "ro,norecovery,nouuid", "ro,rescue=nologreplay", "ro,rescue=nologreplay,subvolid=5",
    ]


@pytest.mark.parametrize("volumes,chosen", [
    (["@/etc/os-release", "snapshot/etc/os-release"], "subvol=/@"),
    (["@rootfs/etc/os-release"], "subvol=/@rootfs"),
    (["mine/etc/os-release"], "subvol=/mine"),
])
def test_a_btrfs_root_may_be_a_subvolume(disk, volumes, chosen):
    found = disk({1: {"filesystem": "btrfs", "5": volumes}})
    assert worker.find_root("disk", found, None, disk.place)[1] == chosen


def test_no_root_and_two_roots(disk):
    with pytest.raises(worker.NoRoot):
        worker.find_root("disk", disk({1: {"filesystem": "ext4"}}), None, disk.place)
    two = disk({1: {"filesystem": "ext4", "": ["etc/os-release"]}, 2: {"filesystem": "ext4", "": ["etc/os-release"]}})
    with pytest.raises(worker.Problem, match="on each of the partitions 1 and 2: name one with the option partition"):
        worker.find_root("disk", two, None, disk.place)
    assert worker.find_root("disk", two, 2, disk.place)[0]["number"] == 2


def test_the_command_line_for_a_folder():
    command = worker.once_command("/usr/bin/python3", "source", "/srv/rootfs", network=False)
    assert command[0] == "setpriv" and "--net" in command and command[-4:] == ["-c", "source", "once", "/srv/rootfs"]
    assert "--net" not in worker.once_command("/usr/bin/python3", "source", "/srv/rootfs", network=True)
