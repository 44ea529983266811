# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names in an initramfs, against cpio itself and the programs that compress it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import initramfs
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.initramfs import NotRead
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

COMPRESSORS = {
    "none": ["cat"],
    "gzip": ["gzip", "-c"],
    "xz": ["xz", "--check=crc32", "-c"],
    "lzma": ["xz", "--format=lzma", "-c"],
    "bzip2": ["bzip2", "-c"],
    "zstd": ["zstd", "-q", "-c"],
    "lz4": ["lz4", "-q", "-l", "-c"],
}


def run(command, data, **options):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, **options).stdout


@pytest.fixture
def archive(tmp_path):
    """An archive that cpio itself has made, of a tree with contents of odd lengths."""

    def make(*names):
        tree = tmp_path / "tree"
        for number, name in enumerate(names):
            place = tree / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(os.urandom(number * 70_001))
        return run(["cpio", "--quiet", "-o", "-H", "newc"], "\n".join(names).encode(), cwd=tree)

    return make


@pytest.fixture
def read(tmp_path):
    def names(data):
        (tmp_path / "initrd.img").write_bytes(data)
        return initramfs.names(Host(str(tmp_path)), "/initrd.img")

    return names


NAMES = (
    "init",
    "usr/lib/modules/6.1.0-9-amd64/kernel/drivers/ata/ahci.ko",
    "lib/modules/6.1.0-9-amd64/kernel/virtio_blk.ko.xz",
    "\u00e9t\u00e9",
)


@pytest.mark.parametrize("way", COMPRESSORS)
def test_the_names_are_those_that_cpio_lists(way, archive, read):
    if not shutil.which(COMPRESSORS[way][0]):
        pytest.skip(f"{COMPRESSORS[way][0]} is not installed on this machine")
    plain = archive(*NAMES)
    listed = run(["cpio", "--quiet", "-t"], plain).decode().splitlines()
    assert read(run(COMPRESSORS[way], plain)) == listed == list(NAMES)


FILES = st.dictionaries(
    st.text("abcXYZ019._-\u00e9", min_size=1).filter(lambda name: name.strip(".")), st.binary(max_size=9000), min_size=1
)


@given(files=FILES, padding=st.integers(0, 3))
@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_names_and_contents_are_listed_as_cpio_lists_them(files, padding, read):
    with tempfile.TemporaryDirectory() as tree:
        for name, content in files.items():
            Path(tree, name).write_bytes(content)
        data = run(["cpio", "--quiet", "-o", "-H", "newc"], "\n".join(files).encode(), cwd=tree)
    assert read(data + bytes(4 * padding)) == list(files)


@pytest.mark.parametrize("way", [way for way in COMPRESSORS if way != "none"])
def test_microcode_lies_before_the_rest(way, archive, read, tmp_path):
    """As distributions write it: an archive that is not compressed, padded, and then the compressed one."""
    if not shutil.which(COMPRESSORS[way][0]):
        pytest.skip(f"{COMPRESSORS[way][0]} is not installed on this machine")
    early = archive("kernel/x86/microcode/GenuineIntel.bin")
    shutil.rmtree(tmp_path / "tree")
    main = run(COMPRESSORS[way], archive(*NAMES))
    assert read(early + bytes(-len(early) % 4096) + main) == ["kernel/x86/microcode/GenuineIntel.bin", *NAMES]


def test_compressed_archives_follow_each_other(archive, read, tmp_path):
    first = run(["gzip", "-c"], archive("one"))
    shutil.rmtree(tmp_path / "tree")
    assert read(first + bytes(512) + run(["xz", "--check=crc32", "-c"], archive("two"))) == ["one", "two"]


@pytest.mark.parametrize("way", [way for way in COMPRESSORS if way not in ("none",)])
def test_a_part_of_one_is_reported_as_damaged(way, archive, read):
    whole = run(COMPRESSORS[way], archive(*NAMES))
    with pytest.raises(NotRead):
        read(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "data,message",
    [
        (b"what is this", "not known here"),
        (b"070701" + b"0" * 88 + b"FFFFFFFF" + b"0" * 8, "longer names"),
        (b"070701" + b"z" * 110, "something else"),
        (b"\x1f\x8b" + bytes(40), "damaged"),
        (b"\x28\xb5\x2f\xfd" + bytes(40), "damaged"),
    ],
)
def test_what_a_hostile_one_holds_is_no_traceback(data, message, read):
    with pytest.raises(NotRead, match=message):
        read(data)


def test_a_bomb_ends(archive, read, monkeypatch):
    monkeypatch.setattr(initramfs, "_MOST_BYTES", 100_000)
    member = b"070701" + b"%08x" % 1 * 6 + b"%08x" % 0x7FFFFFF0 + b"%08x" % 0 * 4 + b"%08x" % 2 + b"0" * 8 + b"a\0"
    with pytest.raises(NotRead, match="more than an initramfs has"):
        read(run(["gzip", "-c"], member + bytes(1_000_000)))


def test_without_the_program_the_package_is_named(archive, read, monkeypatch):
    data = run(["zstd", "-q", "-c"], archive("init"))
    monkeypatch.setattr(shutil, "which", lambda *unused, **unused_too: None)
    with pytest.raises(NotRead, match="install the package zstd"):
        read(data)


def test_what_is_no_file_is_not_read(tmp_path):
    with pytest.raises(NotRead, match="there is no /boot/initrd"):
        initramfs.names(Host(str(tmp_path)), "/boot/initrd")
