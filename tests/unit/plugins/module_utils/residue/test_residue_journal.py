# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a journal of systemd compresses, in journals made here; tests/system/session has one that journald made."""

from __future__ import annotations

import lzma
import struct
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue import journal

MESSAGE = b"MESSAGE=MSH|^~\\&|ADT|H|PACS|H|20260101||ADT^A01|1|P|2.5\rPID|1||%d^^^H^MR||DOE^JANE||19700101|F\r"
XZ, LZ4, ZSTD = 1, 2, 4


def packed(flag, data):
    if flag == XZ:
        return lzma.compress(data)
    return subprocess.run(["zstd", "--quiet"], input=data, capture_output=True, check=True).stdout if flag == ZSTD else data


def item(content, kind=1, flags=0, compact=False, length=None):
    size = 16 + 48 + 8 * compact + len(content)
    head = struct.pack("<2B6xQ", kind, flags, length or size) + bytes(48 + 8 * compact)
    return (head + content).ljust(-(-size // 8) * 8, b"\0")


def made(*items, compact=False):
    body = b"".join(items)
    flags = struct.pack("<2I", 0, 16 * compact)
    return journal.SIGNATURE + flags + bytes(8 + 64) + struct.pack("<2Q", 272, len(body) + 64) + bytes(272 - 104) + body + bytes(64)


def paths(tmp_path, scanned, content):
    (tmp_path / "system.journal").write_bytes(content)
    found = scanned()
    return sorted(finding.path for finding in found.findings), found.unread


@pytest.mark.parametrize("compact", (False, True))
@pytest.mark.parametrize("flag", (XZ, ZSTD))
def test_compressed_fields_are_read_and_the_others_too(tmp_path, scanned, flag, compact):
    long = [item(packed(flag, MESSAGE % number), flags=flag, compact=compact) for number in (4711, 4712)]
    content = made(item(b"PRIORITY=5", compact=compact), *long, item(MESSAGE % 4713, compact=compact), item(b"", kind=3), compact=compact)
    found, unread = paths(tmp_path, scanned, content)
    assert (found, unread) == (["/system.journal", "/system.journal > long messages"], {})
    assert {finding.path: len(finding.hashes) for finding in scanned().findings}["/system.journal > long messages"] == 2


def test_what_cannot_be_read_is_reported(tmp_path, scanned, monkeypatch):
    assert paths(tmp_path, scanned, made(item(b"x" * 99, flags=LZ4)))[1] == {
        "/system.journal": "it is a damaged journal archive, or one of a kind that cannot be read: long messages in it are compressed with LZ4"
    }
    monkeypatch.setattr(journal, "_HELD", 256)
    found, unread = paths(tmp_path, scanned, made(item(packed(XZ, MESSAGE % 1), flags=XZ), item(packed(XZ, MESSAGE % 2), flags=XZ)))
    assert found == ["/system.journal > long messages"] and "of long messages" in unread["/system.journal"]


@pytest.mark.parametrize(
    "content",
    [
        journal.SIGNATURE,
        made()[:90],
        made(item(MESSAGE % 1)),
        made(item(MESSAGE % 1, length=1 << 60)),
        made(item(MESSAGE % 1, length=3)),
        made(item(MESSAGE % 1), item(b"", kind=0), MESSAGE % 2),
        made(item(MESSAGE % 1, flags=XZ)),
        made(item(MESSAGE % 1))[:-90],
    ],
)
def test_a_damaged_journal_is_searched_as_far_as_it_goes(tmp_path, scanned, content):
    found, unused_unread = paths(tmp_path, scanned, content)
    assert {path.partition(" > ")[0] for path in found} == ({"/system.journal"} if b"PID" in content else set())
