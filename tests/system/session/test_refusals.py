# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What cannot be opened is refused with one sentence that says what to do, and nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import PACKAGES
from ansible_collections.hygeia.golden.tests.templates import images

MIB = images.MIB


@pytest.fixture
def refused(lab):
    """The sentence for a template that is refused, after which nothing of it is left."""

    def look(source, **params):
        digest = inspection.sha256(source) if os.path.isfile(source) else None
        sentence = lab.refused("open", source=source, **params)
        assert "\n" not in sentence and "Traceback" not in sentence
        assert not lab.leftovers()
        if digest:
            lab.assert_clean(source, digest)
        return sentence

    return look


def raw(path, size=16 * MIB, **content):
    """A raw file with bytes at offsets given as ``at_512=b"..."``."""
    with open(path, "wb") as stream:
        stream.truncate(size)
        for place, what in content.items():
            stream.seek(int(place[3:]))
            stream.write(what)
    return path


LUKS = {
    "at_0": b"LUKS\xba\xbe\x00\x01"
    + b"aes".ljust(32, b"\0")
    + b"xts-plain64".ljust(32, b"\0")
    + b"sha256".ljust(32, b"\0")
    + bytes(4 + 4 + 20 + 32 + 4)
    + b"0d9c6b3e-3a4f-4bb7-a27a-0e6a3a8a1111".ljust(40, b"\0")
}


def test_luks(refused, tmp_path):
    source = images.disk("gpt", tmp_path / "disk.raw", [("linux", raw(tmp_path / "part", **LUKS))])
    sentence = refused(source)
    assert (
        f"{source} cannot be opened because partition 1 (crypto_LUKS, 16.0 MiB) is encrypted with LUKS: give its key (image_luks_key_file), make"
        in sentence
    )
    assert "ansible_image_root" in sentence


def test_an_fstab_whose_root_is_swap(refused, tmp_path):
    swap = raw(tmp_path / "swap")
    images.call("mkswap", swap)
    tree = images.system(tmp_path / "tree", f"UUID={images.uuid(swap)} / ext4 defaults 0 1\n")
    root = images.filesystem("ext4", tmp_path / "root.raw", tree)
    source = images.disk("gpt", tmp_path / "disk.raw", [("linux", root), ("linux", swap)])
    assert refused(source) == (
        f"{source} cannot be entered: fstab of the template has / on partition 2, which holds swap, but the system is on partition 1"
    )


def test_nothing_known(refused, tmp_path):
    assert "holds no filesystem that is known" in refused(raw(tmp_path / "disk.raw"))


def test_no_system(refused, tmp_path):
    source = images.filesystem("ext4", tmp_path / "disk.raw")
    assert refused(source) == f"{source} holds no Linux system (no etc/os-release) on the disk (ext4, 48.0 MiB)"


def test_a_backing_file(refused, tmp_path, plain):
    images.call("qemu-img", "create", "-q", "-f", "qcow2", "-b", plain, "-F", "qcow2", tmp_path / "clone.qcow2")
    assert (
        refused(tmp_path / "clone.qcow2")
        == f"{tmp_path}/clone.qcow2 has the backing file {plain}: flatten it with 'qemu-img convert -O qcow2' first"
    )


def test_a_backing_file_of_the_build_host(refused, tmp_path):
    """A template must not get at files of the build host by naming them."""
    images.call("qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw", tmp_path / "thief.qcow2", "1M")
    assert "has the backing file /etc/shadow" in refused(tmp_path / "thief.qcow2")


def test_an_external_data_file(refused, tmp_path):
    images.call("qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={tmp_path}/data.raw", tmp_path / "split.qcow2", "1M")
    assert f"keeps its data in {tmp_path}/data.raw" in refused(tmp_path / "split.qcow2")


def test_another_format(refused, tmp_path):
    images.call("qemu-img", "create", "-q", "-f", "qed", tmp_path / "disk.qed", "1M")
    assert refused(tmp_path / "disk.qed") == f"{tmp_path}/disk.qed has the format qed: convert it with 'qemu-img convert -O qcow2' first"


def _until_done(*command):
    for unused_try in range(20):
        done = subprocess.run(command, check=False, capture_output=True)
        if done.returncode == 0:
            return
    raise AssertionError(done.stderr)


def test_an_encrypted_image(refused, tmp_path):
    # How long qemu derives a key is measured first, which a busy machine makes impossible now and then.
    _until_done(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "--object",
        "secret,id=key,data=x",
        "-o",
        "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10",
        tmp_path / "secret.qcow2",
        "1M",
    )
    assert refused(tmp_path / "secret.qcow2") == f"{tmp_path}/secret.qcow2 is encrypted: convert it to a plain qcow2 file first"


@pytest.mark.parametrize("name", ['json:{"driver":"raw"}', "nbd://localhost", "relative.qcow2"])
def test_a_name_that_is_no_path(refused, name):
    assert refused(name) == f"the source must be the absolute path of a file on the build host, not {name!r}"


def test_a_missing_file(refused, tmp_path):
    assert refused(tmp_path / "none.qcow2") == f"there is no template at {tmp_path}/none.qcow2: No such file or directory"


@pytest.mark.parametrize("offset,length", [(0x10000, 8), (0x20000, 512), (0x40000, 4096)])
def test_a_corrupt_qcow2(refused, tmp_path, plain, offset, length):
    source = tmp_path / "corrupt.qcow2"
    shutil.copy(plain, source)
    with open(source, "r+b") as stream:
        stream.seek(offset)
        stream.write(os.urandom(length))
    sentence = refused(source)
    assert "is damaged" in sentence or "cannot be" in sentence, sentence


def test_a_truncated_qcow2(refused, tmp_path, plain):
    source = tmp_path / "short.qcow2"
    source.write_bytes(plain.read_bytes()[: 3 * MIB])
    assert "is damaged" in refused(source)


def test_a_corrupt_filesystem(refused, tmp_path, stock, plain):
    source = tmp_path / "corrupt.raw"
    images.call("qemu-img", "convert", "-O", "raw", plain, source)
    with open(source, "r+b") as stream:
        stream.seek(2048)  # the group descriptors
        stream.write(os.urandom(2048))
    assert "filesystem on the disk cannot be mounted on the build host" in refused(source)


def test_a_template_in_use(refused, plain):
    reader = subprocess.Popen(["qemu-io", "-f", "qcow2", plain], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    reader.stdout.read(1)
    try:
        assert refused(plain) == f"{plain} is being written by another process, such as a running virtual machine: shut that down first"
    finally:
        reader.communicate(b"quit\n", timeout=10)


@pytest.mark.parametrize("tool", ["qemu-img", "sfdisk", "unshare"])
def test_a_missing_tool(lab, plain, tool):
    """Found out before anything is begun."""
    command = lab.command("open", source=plain)
    hidden = f'mount --bind /dev/null {shutil.which(tool, path="/usr/sbin:/usr/bin")} && exec "$@"'
    done = subprocess.run(["unshare", "--mount", "sh", "-c", hidden, "sh", *command], capture_output=True, text=True, check=False)
    assert done.stdout == f'{{"msg": "the build host lacks {tool}: install the Debian package {PACKAGES[tool]}"}}\n'
    assert not lab.leftovers()


# -- a full disk ------------------------------------------------------------


@pytest.fixture
def small(tmp_path):
    """Make a small filesystem at a directory, which goes away with the test."""
    made = []

    def make(place, size):
        place.mkdir(parents=True, exist_ok=True)
        images.call("mount", "-t", "tmpfs", "-o", f"size={size}", "none", place)
        made.append(place)

    yield make
    for place in made:
        images.call("umount", place)


def test_too_little_room_to_work_is_foreseen(lab, plain, small):
    small(lab.work_dir, 8 * MIB)
    assert lab.refused("open", source=plain) == f"{lab.work_dir} has 8.0 MiB free, but 48.0 MiB are needed to work in: make room there"
    assert not lab.leftovers()


def test_a_disk_that_fills_up_while_working(lab, plain, small):
    """What the template's filesystem could not write must not be promoted, even when nobody noticed."""
    small(lab.work_dir, 60 * MIB)
    lab.do("open", source=plain)
    (lab.work_dir / "other").write_bytes(bytes(55 * MIB))
    lab.run("dd", "if=/dev/urandom", "of=/big", "bs=1M", "count=20")
    os.truncate(lab.work_dir / "other", 54 * MIB)  # the session's own notes find room
    sentence = lab.refused("closed")
    assert (
        "the session web cannot be closed, and its changes are discarded: not everything that was written to / of the template" in sentence
    )
    assert "reached the disk of the build host" in sentence and "is it full?" in sentence
    os.unlink(lab.work_dir / "other")
    lab.assert_clean(plain, inspection.sha256(plain))


def test_a_disk_without_room_for_a_note_is_named(lab, plain, small):
    small(lab.work_dir, 60 * MIB)
    lab.do("open", source=plain)
    with open(lab.work_dir / "other", "wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))
    sentence = lab.refused("closed")
    assert f"the session web is discarded: {lab.work_dir}/web could not be written (No space left on device): is its disk full?" in sentence
    os.unlink(lab.work_dir / "other")
    lab.assert_clean(plain, inspection.sha256(plain))


def test_too_little_room_for_the_image_is_foreseen(lab, plain, small):
    small(lab.dest, 1 * MIB)
    lab.do("open", source=plain)
    lab.do("closed")
    sentence = lab.refused("promoted")
    assert f"{lab.dest} has 1.0 MiB free, but the image may need " in sentence and sentence.endswith(": make room there")
    images.call("mount", "-o", f"remount,size={64 * MIB}", lab.dest)
    assert lab.do("promoted")["image"]["path"], "with room made, the same session is promoted"
    lab.assert_clean(plain, inspection.sha256(plain))


def test_a_disk_that_fills_up_while_promoting(lab, plain, small, tmp_path):
    small(lab.dest, 64 * MIB)
    lab.do("open", source=plain)
    lab.do("closed")
    filler = tmp_path / "bin" / "qemu-img"
    images.write(
        filler,
        f'#!/bin/sh\nif [ "$1" = convert ]; then head -c 62M /dev/zero > {lab.dest}/other; fi\nexec {shutil.which("qemu-img")} "$@"\n',
    )
    filler.chmod(0o755)
    sentence = lab.result(lab.start("promoted", environ={"PATH": f"{filler.parent}:{os.environ['PATH']}"}))["msg"]
    assert f"the image cannot be written to {lab.dest}, and its session is discarded" in sentence
    assert "No space left on device" in sentence and sentence.endswith(": make room there")
    assert sorted(path.name for path in lab.dest.iterdir()) == [".lock", "other"]
    lab.assert_clean(plain, inspection.sha256(plain))


def test_a_template_that_somebody_changes_is_not_promoted(lab, plain, tmp_path):
    source = images.qcow2(plain, tmp_path / "template.qcow2")
    lab.do("open", source=source)
    lab.do("closed")
    with open(source, "ab") as stream:
        stream.write(b"somebody was here")
    assert "was changed by another process while the session web was open, which is discarded" in lab.refused("promoted")
    assert [path.name for path in lab.dest.iterdir()] == [".lock"]
    assert not lab.leftovers()


# -- a directory that is not ours ----------------------------------------------


def test_a_directory_that_is_no_session_stays(lab, plain):
    lab.directory.mkdir(parents=True)
    (lab.directory / "precious").write_text("mine")
    assert lab.refused("open", source=plain) == f"{lab.directory} is there already and is no session: choose another work_dir or name"
    assert lab.do("discarded")["changed"] is False
    assert (lab.directory / "precious").read_text() == "mine"
