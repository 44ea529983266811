# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching the files of a system."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import zipfile

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue import archives, scan

MESSAGE = b"MSH|^~\\&|ADT|H|PACS|H|20260101||ADT^A01|1|P|2.5\rPID|1||4711^^^H^MR||DOE^JANE||19700101|F\r"
HL7 = "residue-hl7"


def places(scanned, **options):
    return sorted((finding.rule, finding.path) for finding in scanned(**options).findings)


def put(tmp_path, path, data=MESSAGE):
    target = tmp_path / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def package(tmp_path, path, data, conffile=False):
    """A file as dpkg says that a package brought it."""
    digest = hashlib.md5(data).hexdigest()
    put(tmp_path, path, data)
    if conffile:
        put(tmp_path, "/var/lib/dpkg/status", f"Package: x\nStatus: install ok installed\nConffiles:\n {path} {digest}\n".encode())
    else:
        put(tmp_path, "/var/lib/dpkg/info/x.md5sums", f"{digest}  {path.lstrip('/')}\n".encode())


@pytest.mark.parametrize("conffile", [False, True])
def test_a_file_of_a_package_is_searched_only_where_it_was_changed(tmp_path, scanned, conffile):
    package(tmp_path, "/usr/share/x/sample", MESSAGE, conffile)
    assert places(scanned) == []
    assert scanned().unchanged == 1
    put(tmp_path, "/usr/share/x/sample", MESSAGE + b"\n")
    assert places(scanned) == [(HL7, "/usr/share/x/sample")]


def test_an_odd_database_of_packages_hides_nothing(tmp_path, scanned):
    os.makedirs(tmp_path / "var/lib/dpkg/info")
    os.mkfifo(tmp_path / "var/lib/dpkg/status")
    os.mkfifo(tmp_path / "var/lib/dpkg/info/x.md5sums")
    put(tmp_path, "/srv/sample")
    assert places(scanned) == [(HL7, "/srv/sample")]


def test_a_package_may_name_a_file_by_a_directory_that_is_a_link(tmp_path, scanned):
    os.makedirs(tmp_path / "usr/lib")
    os.symlink("usr/lib", tmp_path / "lib")
    package(tmp_path, "/lib/sample", MESSAGE)
    assert places(scanned) == []
    put(tmp_path, "/usr/lib/other")
    assert places(scanned) == [(HL7, "/usr/lib/other")]


def test_what_is_no_regular_file_is_not_opened(tmp_path, scanned):
    os.mkfifo(tmp_path / "pipe")
    os.symlink("/etc/hostname", tmp_path / "link")
    os.symlink(tmp_path / "loop", tmp_path / "loop")
    assert (scanned().findings, scanned().files) == ([], 0)


def test_a_file_of_two_names_is_searched_once(tmp_path, scanned):
    os.link(put(tmp_path, "/a"), tmp_path / "b")
    assert (len(places(scanned)), scanned().files) == (1, 1)


def test_a_hole_is_not_read(tmp_path, scanned):
    with open(tmp_path / "sparse", "wb") as stream:
        stream.seek(64 << 30)
        stream.write(MESSAGE)
    found = scanned()
    assert [finding.rule for finding in found.findings] == [HL7]
    assert found.findings[0].offset == 64 << 30 and found.searched < 1 << 20


def test_what_lies_across_the_edge_of_two_pieces_is_found(tmp_path, scanned):
    for number, shift in enumerate((4 << 20, (4 << 20) - 20, (4 << 20) + 65000)):
        put(tmp_path, f"/{number}", b"x" * (shift - 1) + b"\n" + MESSAGE + bytes(100_000))
    assert places(scanned) == [(HL7, "/0"), (HL7, "/1"), (HL7, "/2")]


def test_a_hash_tells_equal_values_and_needs_the_key(tmp_path, scanned):
    put(tmp_path, "/a")
    put(tmp_path, "/b", b"\n\n" + MESSAGE)
    put(tmp_path, "/c", MESSAGE.replace(b"4711", b"4712"))
    hashes = [finding.digest for finding in sorted(scanned().findings, key=lambda each: each.path)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[0] != scanned(key=b"other").findings[0].digest
    assert scanned(key=b"").findings[0].digest != scanned(key=b"").findings[0].digest


def test_several_processes_find_the_same(tmp_path, scanned):
    for number in range(20):
        put(tmp_path, f"/{number}", MESSAGE.replace(b"4711", b"%d" % number))
    assert places(scanned, count=3) == places(scanned)
    assert (scanned(count=3).files, scanned(count=3).searched) == (20, scanned().searched)


def test_what_took_too_long_is_not_called_clean(tmp_path, scanned):
    put(tmp_path, "/a", b"x")
    found = scan.results(scanned(seconds=-1), [], "offline", "x")
    assert [(record["control"], record["status"]) for record in found] == [("residue-unread", "not_checked")]
    assert not scanned(seconds=-1).in_time


# -- archives ---------------------------------------------------------------------


def tar(**members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def through(*command, data):
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def cpio(tmp_path, data):
    put(tmp_path, "etc/key", data)
    made = through("cpio", "-o", "-H", "newc", "--quiet", "-D", str(tmp_path), data=b"etc\netc/key\n")
    shutil.rmtree(tmp_path / "etc")
    return made


@pytest.mark.parametrize("program", ["gzip", "bzip2", "xz", "zstd"])
def test_what_each_program_compressed_is_searched(tmp_path, scanned, program):
    put(tmp_path, "/log.1", through(program, "-c", data=b"line\n" * 200_000 + MESSAGE))
    assert places(scanned) == [(HL7, "/log.1")]


@pytest.mark.parametrize("program", ["gzip", "bzip2", "xz", "zstd"])
def test_streams_in_a_row_and_what_was_cut_off_are_searched(tmp_path, scanned, program):
    clean, dirty = (through(program, "-c", data=data) for data in (b"x\n" * 1000, MESSAGE))
    put(tmp_path, "/rotated", clean + dirty)
    assert places(scanned) == [(HL7, "/rotated")]
    put(tmp_path, "/rotated", dirty + b"no stream")
    assert places(scanned) == [(HL7, "/rotated")]


def test_archives_in_archives_are_searched_and_named(tmp_path, scanned):
    put(tmp_path, "/backup.tgz", through("gzip", "-c", data=tar(**{"home/inner.zip": zipped(**{"a/adt.hl7": MESSAGE})})))
    assert places(scanned) == [(HL7, "/backup.tgz > home/inner.zip > a/adt.hl7")]


def test_a_rule_for_a_name_looks_at_the_names_in_an_archive(tmp_path, scanned):
    put(tmp_path, "/home.tar", tar(**{"home/ann/.bash_history": b"ls\n", "home/ann/x": b"ls\n"}))
    assert places(scanned) == [("residue-history", "/home.tar > home/ann/.bash_history")]


def test_an_initramfs_of_several_archives_is_searched(tmp_path, scanned):
    image = cpio(tmp_path, b"microcode") + bytes(512) + through("zstd", "-c", data=cpio(tmp_path, MESSAGE))
    put(tmp_path, "/boot/initrd.img", image)
    assert places(scanned) == [(HL7, "/boot/initrd.img > the part that follows > etc/key")]


def test_what_is_nested_too_deep_is_reported(tmp_path, scanned):
    data = MESSAGE
    for unused_level in range(archives.DEPTH + 1):
        data = through("gzip", "-c", data=data)
    put(tmp_path, "/deep", data)
    assert (places(scanned), list(scanned().unread)) == ([], ["/deep"])


def test_a_bomb_ends_early_and_is_reported(tmp_path, scanned, monkeypatch):
    monkeypatch.setattr(archives, "FREE", 1 << 20)
    put(tmp_path, "/bomb", through("gzip", "-c", data=bytes(64 << 20)))
    found = scanned()
    assert found.searched <= 16 << 20
    assert "bomb" in found.unread["/bomb"]


def test_an_archive_of_very_many_files_ends_early(tmp_path, scanned, monkeypatch):
    monkeypatch.setattr(archives, "MEMBERS", 3)
    put(tmp_path, "/many.tar", tar(a=b"1", b=b"2", c=MESSAGE, d=b"4"))
    assert places(scanned) == [(HL7, "/many.tar")] or places(scanned) == [(HL7, "/many.tar > c")]
    assert "more than 3 files" in scanned().unread["/many.tar"]


@pytest.mark.parametrize("program", ["gzip", "bzip2", "xz"])
def test_what_comes_before_the_damage_is_searched_and_the_damage_reported(tmp_path, scanned, program):
    data = bytearray(through(program, "-c", data=MESSAGE + os.urandom(3_000_000)))
    data[-1_000_000:-999_000] = bytes(1000)
    put(tmp_path, "/a", bytes(data))
    assert places(scanned) == [(HL7, "/a")]
    assert "damaged" in scanned().unread["/a"]


@pytest.mark.parametrize("data", [b"PK\x03\x04damaged", b"\x1f\x8b\x08damaged", b"\xfd7zXZ\0damaged", b"BZh9damaged", b"070701damaged"])
def test_a_damaged_archive_ends_nothing(tmp_path, scanned, data):
    put(tmp_path, "/a", data)
    put(tmp_path, "/b")
    assert places(scanned) == [(HL7, "/b")]


def test_zstd_without_its_program_is_reported(tmp_path, scanned, monkeypatch):
    put(tmp_path, "/log.zst", through("zstd", "-c", data=MESSAGE))
    monkeypatch.setattr("shutil.which", lambda *unused_names, **unused_options: None)
    monkeypatch.setattr("ansible_collections.hygeia.golden.plugins.module_utils.residue.zstandard._library", lambda: None)
    assert "install zstd" in scanned().unread["/log.zst"]


def test_an_encrypted_zip_is_reported(tmp_path, scanned):
    put(tmp_path, "/a.zip", zipped(a=MESSAGE).replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0"))
    assert "encrypted" in scanned().unread["/a.zip"]
