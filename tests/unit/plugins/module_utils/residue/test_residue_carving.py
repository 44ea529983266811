# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Archives on a disk of which no file is known."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import tarfile
import zipfile

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue import disk, rules, scan
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import Disk
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

RULES = rules.load(list(Catalogue().residue.values()))
NOISE = random.Random(1).randbytes(3000)
MESSAGE = b"\rMSH|^~\\&|ADT|H|PACS|H|20260101||ADT^A01|1|P|2.5\rPID|1||4711^^^H^MR||DOE^JANE||19700101|F\r"


def zipped(content, name="m.hl7"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("before", NOISE)
        archive.writestr(name, content)
        archive.comment = b"of a backup"
    return stream.getvalue()


def tarred(content, name="m.hl7"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def searched(tmp_path):
    """What is found on a disk with contents at some places, by path and rule; in order."""

    def search(contents, **options):
        path = tmp_path / "disk"
        with open(path, "wb") as stream:
            stream.truncate(160 << 20)
            for place, content in contents.items():
                stream.seek(place)
                stream.write(content)
        found = scan.of_disks([Disk("disk 1", str(path), **options)], RULES, b"key", 60, 1)
        assert not found.unread
        return [(finding.path, finding.rule) for finding in found.findings]

    return search


PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zip": zipped}


@pytest.mark.parametrize("kind", PACKERS)
def test_what_is_packed_is_found_with_the_place_of_the_archive(searched, kind):
    packed = PACKERS[kind](MESSAGE) + NOISE
    entry = " > m.hl7" if kind == "zip" else ""
    assert searched({70 << 20: packed, 4096 + 100: packed}) == [(f"disk 1 at byte {70 << 20}{entry}", "residue-hl7")]


def test_archives_in_archives_are_looked_into_once(searched):
    nested = tarred(gzip.compress(zipped(tarred(b"Patient SSN: 401-52-7719\n"), "b.tar")), "c.gz")
    assert searched({512 * 3: nested + NOISE, 1 << 20: gzip.compress(MESSAGE)}) == [
        ("disk 1 at byte 1536 > c.gz > b.tar > m.hl7", "residue-social-security-number"),
        (f"disk 1 at byte {1 << 20}", "residue-hl7"),
    ]


def test_names_count_in_archives(searched):
    assert searched({0: zipped(b"ls\n", "home/ann/.bash_history")}) == [("disk 1 at byte 0 > home/ann/.bash_history", "residue-history")]


def test_the_archives_among_files_that_were_searched_are_left_out(searched):
    packed = gzip.compress(MESSAGE)
    assert searched({8192: packed, 65536: packed}, searched=((4096, 65536),)) == [("disk 1 at byte 65536", "residue-hl7")]


@pytest.mark.parametrize("kind", PACKERS)
def test_what_only_begins_like_an_archive_is_nothing_to_report(searched, kind):
    assert searched({512: PACKERS[kind](MESSAGE)[:20] + NOISE}) == []


def test_an_encrypted_archive_is_reported(tmp_path):
    data = bytearray(zipped(MESSAGE))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + place] |= 1
            start = data.find(mark, start + 1)
    (tmp_path / "disk").write_bytes(bytes(1024) + data)
    found = scan.of_disks([Disk("disk 1", str(tmp_path / "disk"))], RULES, b"", 60, 1)
    assert found.unread == {"disk 1 at byte 1024": "what is in it is encrypted"}


def test_two_processes_find_the_same(searched, tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "_SHARE", 1 << 20)
    searched({number << 20: gzip.compress(MESSAGE + os.urandom(9)) for number in range(5)})
    found = scan.of_disks([Disk("disk 1", str(tmp_path / "disk"))], RULES, b"key", 60, 2)
    assert sorted(finding.path for finding in found.findings) == sorted(f"disk 1 at byte {number << 20}" for number in range(5))
