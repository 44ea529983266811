# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a template to a promoted image, on every kind of disk that is supported."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.opened import opened
from ansible_collections.hygeia.golden.tests.templates import images


@pytest.fixture(scope="module")
def parts(stock, tree):
    """Filesystems to make disks of: the same system in each kind, and a /boot."""
    made = {kind: images.filesystem(kind, stock / f"{kind}.raw", tree) for kind in ("ext4", "xfs", "btrfs")}
    made["boot"] = images.filesystem("ext4", stock / "boot.raw", size=8 * images.MIB, label="boot")
    return made


@pytest.mark.parametrize(
    "label,kind,form",
    [
        ("gpt", "ext4", "qcow2"),
        ("gpt", "xfs", "raw"),
        ("gpt", "btrfs", "qcow2"),
        ("dos", "ext4", "raw"),
        ("dos", "xfs", "qcow2"),
        ("dos", "btrfs", "raw"),
        ("bare", "ext4", "raw"),
        ("bare", "xfs", "qcow2"),
        ("bare", "btrfs", "raw"),
    ],
)
def test_a_change_reaches_the_promoted_image(lab, tmp_path, parts, kind, label, form):
    raw = parts[kind] if label == "bare" else images.disk(label, tmp_path / "disk.raw", [("linux", parts[kind])])
    source = raw if form == "raw" else images.qcow2(raw, tmp_path / "disk.qcow2")
    digest = inspection.sha256(source)
    session = lab.do("open", source=source)["session"]
    assert session["root"]["filesystem"] == kind
    assert session["root"]["number"] == (0 if label == "bare" else 1)
    assert session["source"]["sha256"] == digest
    assert lab.run("sh", "-c", "echo changed > /etc/stamp; cat /etc/hostname").stdout == "template\n"
    assert lab.do("closed")["session"]["state"] == "closed"
    image = lab.do("promoted")["image"]
    assert os.path.realpath(image["pointer"]) == image["path"]
    assert image["sha256"] == inspection.sha256(image["path"])
    assert image["path"].endswith(f"web-1-{image['sha256'][:12]}.qcow2")
    with opened(image["path"], str(lab.work_dir)) as inside:
        assert inside.host.read("/etc/stamp") == "changed\n"
    lab.assert_clean(source, digest)


def test_what_fstab_names_is_mounted(lab, tmp_path, stock, parts):
    boot = images.uuid(parts["boot"])
    fstab = (
        f"UUID=1-1 / ext4 defaults 0 1\nUUID={boot} /boot ext4 ro 0 2\nUUID=0ABC-1234 /boot/efi vfat umask=0077 0 1\n"
        "tmpfs /tmp tmpfs size=1g 0 0\nLABEL=data /srv ext4 defaults 0 2\nUUID=5 none swap sw 0 0\n"
    )
    root = images.filesystem("ext4", tmp_path / "root.raw", images.system(tmp_path / "tree", fstab))
    source = images.disk("gpt", tmp_path / "disk.raw", [("linux", parts["boot"]), ("linux", root)])
    session = lab.do("open", source=source)["session"]
    assert session["root"]["number"] == 2
    assert session["mounts"] == ["/", "/boot"]
    assert session["not_mounted"] == ["/srv: LABEL=data is not on this disk", "/boot/efi: UUID=0ABC-1234 is not on this disk"]
    lab.run("sh", "-c", "echo kernel > /boot/vmlinuz")
    lab.do("closed")
    out = images.raw(lab.directory / "overlay.qcow2", tmp_path / "out.raw")
    images.mounted(out, "test -s MOUNT/vmlinuz", f"loop,offset={images.EDGE}")
    lab.do("discarded")
    lab.assert_clean(source, inspection.sha256(source))


def test_a_boot_partition_that_is_elsewhere_is_refused(lab, tmp_path):
    tree = images.system(tmp_path / "tree", "UUID=0123 /boot ext4 defaults 0 2\n")
    source = images.filesystem("ext4", tmp_path / "root.raw", tree)
    assert "fstab of the template has /boot, but UUID=0123 is not on this disk" in lab.refused("open", source=source)
    lab.assert_clean(source, inspection.sha256(source))


def test_a_btrfs_subvolume_is_found(lab, tmp_path, tree):
    """Another one is mounted from the same device, as a btrfs has to be."""
    source = images.filesystem("btrfs", tmp_path / "root.raw")
    fstab = "mkdir -p MOUNT/@rootfs/srv && echo LABEL=root /srv btrfs subvol=@srv > MOUNT/@rootfs/etc/fstab"
    images.mounted(
        source,
        (f"btrfs -q subvolume create MOUNT/@rootfs && btrfs -q subvolume create MOUNT/@srv && cp -a {tree}/. MOUNT/@rootfs/ && {fstab}"),
    )
    assert lab.do("open", source=source)["session"]["mounts"] == ["/", "/srv"]
    mounts = lab.run("cat", "/proc/mounts").stdout
    assert "subvol=/@rootfs" in mounts.splitlines()[0] and "subvol=/@srv" in mounts
    lab.do("planted")
    assert lab.do("closed")["session"]["residue"]["not_planted"] == []
    lab.do("discarded")


def test_one_of_two_systems_must_be_named(lab, tmp_path, parts):
    source = images.disk("gpt", tmp_path / "disk.raw", [("linux", parts["ext4"]), ("linux", parts["btrfs"])])
    sentence = lab.refused("open", source=source)
    assert "a Linux system lies on partition 1 and on partition 2: name one with the option partition" in sentence
    assert lab.do("open", source=source, partition=2)["session"]["root"]["filesystem"] == "btrfs"
    lab.do("discarded")
    lab.assert_clean(source, inspection.sha256(source))


def test_nothing_of_ours_is_in_the_image(lab, plain):
    """Neither the furniture nor what stands in for missing files, and a deleted file's bytes are gone as well."""
    lab.do("open", source=plain)
    lab.run(
        "sh",
        "-c",
        "test -x /usr/sbin/policy-rc.d && test -e /etc/resolv.conf && touch /etc/seen; echo secret-bytes > /etc/secret; sync; rm /etc/secret",
    )
    lab.do("closed")
    image = lab.do("promoted")["image"]
    with opened(image["path"], str(lab.work_dir)) as inside:
        assert inside.host.exists("/etc/seen")
    raw = images.raw(image["path"], lab.place / "out.raw")
    listing = images.listed(raw, "/etc", "/usr/sbin")
    assert "resolv.conf" not in listing and "policy-rc.d" not in listing
    assert b"secret-bytes" not in raw.read_bytes()


def test_the_build_host_is_out_of_reach(lab, plain):
    lab.do("open", source=plain)
    script = "echo 1 > /proc/sys/kernel/panic"
    assert lab.run("sh", "-c", script).returncode == 2
    assert lab.run("hostname").stdout == "template\n"
    assert lab.run("cat", "/proc/net/dev").stdout.count(":") == 1, "only the loopback"
    assert lab.run("--network", "cat", "/proc/net/dev").stdout.count(":") == 1, "not even with a network"
    assert str(lab.place) not in lab.run("cat", "/proc/mounts").stdout
    environ = lab.run("env", env={**os.environ, "SECRET": "yes"}).stdout
    assert "SECRET" not in environ and "debian_chroot=template" in environ
    lab.do("discarded")


def test_exit_code_and_streams_pass_through(lab, plain):
    lab.do("open", source=plain)
    ran = lab.run("sh", "-c", "cat; echo problem >&2; exit 7", input="hello")
    assert (ran.returncode, ran.stdout, ran.stderr) == (7, "hello", "problem\n")
    lab.do("discarded")


def test_a_closed_session_says_so(lab, plain):
    lab.do("open", source=plain)
    lab.do("closed")
    ran = lab.run("id")
    assert ran.returncode == 125
    assert ran.stderr == "hygeia.golden: the session web is closed: nothing can run in it until it is promoted or discarded\n"
    assert lab.do("closed")["changed"] is False
    assert lab.do("discarded")["changed"] is True
    assert lab.do("discarded")["changed"] is False


def test_only_a_closed_session_is_promoted(lab, plain):
    lab.do("open", source=plain)
    assert lab.refused("promoted") == "the session web is open, but must be closed or staged for this"
    lab.do("discarded")
    assert "there is no session" in lab.refused("promoted")


def test_a_staged_image_is_seen_by_nobody_until_it_is_promoted(lab, plain):
    lab.do("open", source=plain)
    lab.run("sh", "-c", "echo staged > /etc/version")
    lab.do("closed")
    staged = lab.do("staged")
    assert (staged["changed"], staged["session"]["state"]) == (True, "staged")
    assert [path.name for path in lab.dest.iterdir() if not path.name.startswith(".")] == []
    assert lab.do("staged") == {**staged, "changed": False}
    assert lab.do("closed")["changed"] is False
    assert lab.refused("promoted", name="other").startswith(
        f"the session web was staged for {lab.dest}/web.qcow2, not {lab.dest}/other.qcow2"
    )
    image = lab.do("promoted")["image"]
    assert {**image, "removed": None} == {**staged["image"], "removed": None}
    assert inspection.sha256(image["path"]) == image["sha256"]
    assert not [line for line in lab.leftovers() if "file" in line]


def test_what_is_staged_goes_with_its_session(lab, plain):
    lab.do("open", source=plain)
    lab.do("closed")
    lab.do("staged")
    lab.do("discarded")
    assert [path.name for path in lab.dest.iterdir()] == [".lock"]
    lab.assert_clean(plain, inspection.sha256(plain))


def test_check_mode_only_looks_whether_it_could_promote(lab, plain):
    lab.do("open", source=plain, check=True)
    lab.do("closed", check=True)
    assert lab.do("promoted", check=True)["image"] == {"pointer": f"{lab.dest}/web.qcow2", "removed": []}
    assert not lab.dest.exists()
    lab.do("discarded", check=True)
    lab.assert_clean(plain, inspection.sha256(plain))


def test_the_last_images_are_kept_and_those_still_needed(lab, plain):
    made = []
    for version in ("1", "2", "3", "4"):
        lab.do("open", source=plain, version=version)
        lab.run("sh", "-c", f"echo {version} > /etc/version")
        lab.do("closed", version=version)
        made.append(lab.do("promoted", version=version, keep=2)["image"])
        if version == "1":
            clone = lab.dest / "clone.qcow2"
            images.call("qemu-img", "create", "-q", "-f", "qcow2", "-b", os.path.basename(made[0]["path"]), "-F", "qcow2", clone)
    assert [image["removed"] for image in made] == [[], [], [], [made[1]["path"]]]
    assert os.path.exists(made[0]["path"]), "a clone backs on it"
    assert os.readlink(lab.dest / "web.qcow2") == os.path.basename(made[3]["path"])


def test_a_file_in_the_pointers_place_stays(lab, plain):
    lab.dest.mkdir()
    (lab.dest / "web.qcow2").write_text("somebody's")
    lab.do("open", source=plain)
    lab.do("closed")
    assert "is a file of its own, not a pointer" in lab.refused("promoted")
    assert (lab.dest / "web.qcow2").read_text() == "somebody's"
    lab.do("discarded")


def test_the_version_is_decided_when_the_template_is_opened(lab, plain):
    """The image may tell it by the time that it is promoted."""
    assert "cannot be an image's version" in lab.refused("open", source=plain, version="1-2")
    assert not lab.leftovers()
    decided = lab.do("open", source=plain, version=None)["session"]["version"]
    assert len(decided) == len("20261009T120000Z")
    lab.do("closed", version=None)
    assert (
        lab.refused("promoted", version="2")
        == f"the session web was opened for version {decided}, not 2: say the version when it is opened"
    )
    image = lab.do("promoted", version=None, user="ann")["image"]
    assert image["version"] == decided and f"web-{decided}-" in image["path"]
    move = json.loads((lab.dest / "web.history.jsonl").read_text())
    assert {key: move[key] for key in ("action", "by", "version", "sha256")} == {
        "action": "promoted",
        "by": "ann",
        "version": decided,
        "sha256": image["sha256"],
    }


def test_a_symbolic_link_is_never_the_backing_file(lab, plain, tmp_path):
    os.symlink(plain, tmp_path / "link.qcow2")
    lab.do("open", source=tmp_path / "link.qcow2")
    info = json.loads(images.call("qemu-img", "info", "-U", "--output=json", lab.directory / "overlay.qcow2"))
    assert info["backing-filename"] == str(plain)
    lab.do("discarded")


def test_sessions_run_side_by_side(lab, plain, tmp_path):
    copies = [tmp_path / f"copy{number}.qcow2" for number in range(4)]
    for copy in copies:
        subprocess.run(["cp", plain, copy], check=True)
    running = [lab.start("open", source=copy, session=copy.stem) for copy in copies]
    assert all("msg" not in lab.result(process) for process in running)
    running = [lab.start("discarded", session=copy.stem) for copy in copies]
    assert all(lab.result(process)["changed"] for process in running)
    lab.assert_clean(plain, inspection.sha256(plain))


def test_an_open_session_keeps_nothing_of_the_build_host_busy(lab, tmp_path, plain):
    """What an administrator unmounts meanwhile is unmounted, and not held by the session's copy of the mounts."""
    place = tmp_path / "mounts"
    disk = place / "disk"
    place.mkdir()
    images.call("mount", "-t", "tmpfs", "shared", place)
    try:
        images.call("mount", "--make-shared", place)
        disk.mkdir()
        images.call("mount", "-t", "tmpfs", "disk", disk)
        lab.do("open", source=plain)
        images.call("umount", disk)
        assert not [mounts for mounts in Path("/proc").glob("[0-9]*/mountinfo") if f" {disk} " in _text(mounts)]
    finally:
        images.call("umount", "--recursive", place)


def _text(path):
    """A file of a process that may be gone already."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
