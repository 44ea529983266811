# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was sealed is gone from the disk: of a template that is full of canaries, no byte of them is in the promoted image."""

from __future__ import annotations

import re
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import canaries
from ansible_collections.hygeia.golden.tests.templates import images

# Contents of many sizes between files that stay, so that what is free lies in pieces smaller than a cluster of the image;
# small files, which lie in a filesystem's own structures; names; and a file that is cut short.
MAKE = r"""
cd MOUNT
mkdir CANARY-directory
for n in 1 2 3 4 5 6 7 8 9; do
  head -c $((n * 1700)) /dev/zero | tr '\0' . > stays$n
  (head -c $((n * 3000)) /dev/zero | tr '\0' -; echo CANARY-deleted-$n) > secret$n
done
i=0; while [ $i -lt 150 ]; do echo CANARY-tiny-$i > CANARY-directory/CANARY-name-$i; i=$((i + 1)); done
(head -c 5000 /dev/zero | tr '\0' -; echo CANARY-tail) > tail
cd /
"""
REMOVE = "rm -r /secret* /CANARY-directory; dd if=/dev/null of=/tail bs=1 seek=10"
PASSING = ["deleted on /", "cut short and deleted on /"]
SOUND = {"ext4": ["e2fsck", "-fn"], "xfs": ["xfs_repair", "-n"], "btrfs": ["btrfs", "check", "--check-data-csum"]}


def found(raw):
    """The canaries in the raw bytes of an image."""
    grep = subprocess.run(["grep", "--text", "--only-matching", "CANARY-[a-z]*", raw], capture_output=True, text=True, check=False)
    return set(grep.stdout.split())


def promoted(lab, source, script, tmp_path):
    """What a template becomes when a script runs in it: what was reported when it was closed, and the raw image.

    No byte of a canary that the session planted is in it.
    """
    lab.do("open", source=source)
    assert lab.do("planted")["changed"] and not lab.do("planted")["changed"]
    sown = lab.journal()["canaries"]
    ran = lab.run("sh", "-c", script)
    assert ran.returncode == 0, ran.stderr
    residue = lab.do("closed")["session"]["residue"]
    assert (residue["canaries"], residue["not_planted"]) == ([*PASSING, "history"], [])
    image = lab.do("promoted")["image"]
    assert image["size"] <= source.stat().st_size
    raw = images.raw(image["path"], tmp_path / "promoted.raw")
    with open(raw, "rb") as stream:
        content = stream.read()
    assert not [what for pattern, what in canaries.patterns(sown["seed"], sown["planted"]).items() if pattern in content]
    return residue, raw


def cut_out(raw, path):
    """The first partition of a disk of which that fills all."""
    with open(raw, "rb") as disk, open(path, "wb") as part:
        disk.seek(images.EDGE)
        part.write(disk.read()[: -images.EDGE])
    return path


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_of_what_was_deleted_nothing_is_left(lab, tmp_path, tree, kind):
    root = images.filesystem(kind, tmp_path / "root.raw", tree)
    images.mounted(root, "{" + MAKE + "}")
    source = images.qcow2(images.disk("gpt", tmp_path / "disk.raw", [("linux", root)]), tmp_path / "disk.qcow2")
    residue, raw = promoted(lab, source, REMOVE, tmp_path)
    assert residue["overwritten"] > images.MIB and not residue["not_overwritten"]
    assert found(raw) == ({"CANARY-tail"} if kind == "btrfs" else set())
    part = cut_out(raw, tmp_path / "part.raw")
    subprocess.run([*SOUND[kind], part], check=True, capture_output=True)
    images.mounted(part, r"grep -q '^\.*$' MOUNT/stays9 && test $(stat -c %s MOUNT/stays9) = 15300 && touch MOUNT/new")


def test_partitions_that_nobody_mounts_are_overwritten_too(lab, tmp_path, tree):
    root = images.filesystem("ext4", tmp_path / "root.raw", tree)
    spare = images.filesystem("ext4", tmp_path / "spare.raw", size=16 * images.MIB, label="spare")
    images.mounted(spare, "{" + MAKE + "}")
    images.mounted(spare, "rm -r MOUNT/secret1 MOUNT/secret9 MOUNT/CANARY-directory MOUNT/tail && touch MOUNT/new")
    swap, efi, odd = (tmp_path / name for name in ("swap.raw", "efi.raw", "odd.raw"))
    for path in (swap, efi, odd):
        with open(path, "wb") as stream:
            stream.truncate(36 * images.MIB)
            stream.seek(20 * images.MIB)
            stream.write(b"CANARY-" + path.stem.encode())
    images.call("mkswap", "--label", "mine", swap)
    images.call("mkfs.vfat", "-n", "EFI", efi)
    (tmp_path / "boot.efi").write_text("boot" * 5000)
    images.call("mcopy", "-i", efi, tmp_path / "boot.efi", "::boot.efi")
    parts = [("linux", root), ("linux", spare), ("linux", swap), ("esp", efi), ("linux", odd)]
    source = images.qcow2(images.disk("gpt", tmp_path / "disk.raw", parts), tmp_path / "disk.qcow2")
    residue, raw = promoted(lab, source, "true", tmp_path)
    assert found(raw) == {"CANARY-deleted", "CANARY-odd"}  # of the spare filesystem seven files are still there
    assert re.fullmatch(r"partition 5 \(unknown, 36.0 MiB\): its free space cannot be determined", *residue["not_overwritten"])
    start = (1 + 48 + 16) * images.MIB
    tags = ["--offset", str(start), "--size", str(36 * images.MIB)]
    assert 'LABEL="mine"' in images.call("blkid", "--probe", *tags, raw)
    images.call("mcopy", "-i", f"{raw}@@{start + 36 * images.MIB}", "::boot.efi", tmp_path / "back.efi")
    assert (tmp_path / "back.efi").read_text() == "boot" * 5000


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_blocks_that_a_file_has_and_never_wrote(lab, tmp_path, tree, kind):
    """They read as zeros in the file; on the disk they are what another file left. A swap file is never read at all."""
    root = images.filesystem(kind, tmp_path / "root.raw", tree)
    size = root.stat().st_size - 45 * images.MIB
    block = tmp_path / "block"
    block.write_bytes(b"-" * (images.MIB - 12) + b"CANARY-whole")
    images.mounted(
        root,
        (
            f"{{ while cat {block}; do :; done > MOUNT/big; sync; rm MOUNT/big; sync; fallocate -l {size - 8 * images.MIB} MOUNT/reserved;"
            "touch MOUNT/swapfile; chattr +C MOUNT/swapfile || true; chmod 600 MOUNT/swapfile;"
            f"sed s/whole/swap/ {block} >> MOUNT/swapfile; mkswap MOUNT/swapfile; }} 2>/dev/null >&2"
        ),
    )
    source = images.disk("gpt", tmp_path / "disk.raw", [("linux", root)])
    assert {"CANARY-whole", "CANARY-swap"} <= found(source)
    unused_residue, raw = promoted(lab, source, "true", tmp_path)
    assert not found(raw)
    part = cut_out(raw, tmp_path / "part.raw")
    subprocess.run([*SOUND[kind], part], check=True, capture_output=True)
    images.mounted(part, "tail -c +4087 MOUNT/swapfile | head -c 10 | grep -q SWAPSPACE2")


KEY = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "".join(letter * 70 + "\n" for letter in "ABC") + "DDDD\n-----END OPENSSH PRIVATE KEY-----\n"
)


@pytest.fixture
def lived_in(tmp_path, tree):
    """A template that has a host key, an identity and a history."""
    root = images.filesystem("ext4", tmp_path / "root.raw", tree)
    for name, text in (
        ("etc/ssh/ssh_host_ed25519_key", KEY),
        ("etc/machine-id", "0123456789abcdef" * 2 + "\n"),
        ("root/.bash_history", "mysql --user=root --password=hunter2\nless /var/log/patients.log\n"),
    ):
        (tmp_path / "text").write_text(text)
        images.mounted(root, f"mkdir -p MOUNT/{name.rpartition('/')[0]} && cp {tmp_path}/text MOUNT/{name}")
    return root


def test_what_is_left_of_a_secret_stops_the_promotion(lab, tmp_path, lived_in):
    """A copy under another name is what overwriting cannot find."""
    lab.do("open", source=lived_in)
    assert lab.run("sh", "-c", "cat /etc/ssh/ssh_host_ed25519_key > /etc/copied; rm /etc/ssh/*; rm /root/.bash_history").returncode == 0
    residue = lab.do("closed")["session"]["residue"]
    assert [one["what"] for one in residue["found"]] == ["an SSH host key"]
    assert residue["searched"] == 2, "the machine-id is still in its file, and is no residue"
    with open(images.raw(lab.directory / "overlay.qcow2", tmp_path / "raw"), "rb") as stream:
        stream.seek(residue["found"][0]["offset"])
        assert stream.read(70) == b"C" * 70
    sentence = lab.refused("promoted")
    assert "its disk still holds what was sealed: an SSH host key at the byte" in sentence
    assert "CCCC" not in sentence + (lab.directory / "journal.json").read_text()
    lab.do("discarded")


def test_what_a_template_has_still_of_a_canary_is_found(lab, tmp_path, tree):
    """In each block of a copy that stays, and nothing of one that is deleted; canaries are on each filesystem."""
    data = images.filesystem("ext4", tmp_path / "data.raw", label="data")
    root = images.filesystem("ext4", tmp_path / "root.raw", tree)
    images.mounted(root, "{ mkdir -p MOUNT/srv MOUNT/etc/ssh MOUNT/var/log MOUNT/var/tmp; echo LABEL=data /srv ext4 > MOUNT/etc/fstab; }")
    lab.do("open", source=images.disk("gpt", tmp_path / "disk.raw", [("linux", root), ("linux", data)]))
    lab.do("planted")
    assert lab.run("sh", "-c", "cat /root/.hygeia_history > /kept; cat /var/tmp/.hygeia-canary > /gone; sync; rm /gone").returncode == 0
    residue = lab.do("closed")["session"]["residue"]
    assert residue["canaries"] == [*PASSING, "deleted on /srv", "cut short and deleted on /srv", *canaries.KEPT]
    assert [one["what"] for one in residue["found"]] == ["the canary of the kind history"] * canaries.BLOCKS
    assert "its disk still holds what was sealed: the canary of the kind history at the byte" in lab.refused("promoted")
    lab.do("discarded")


def test_without_canaries_that_is_reported(lab, plain):
    lab.do("open", source=plain)
    assert lab.do("closed")["session"]["residue"]["not_planted"] == ["no canary was planted before sealing"]
    lab.do("discarded")
