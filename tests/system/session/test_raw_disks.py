# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What lies on the disks of a closed session beside its files is found by the rules of the residue scan, wherever that is."""

from __future__ import annotations

import gzip
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.raw_disks import search
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.templates import images

RULES = rules.load(list(Catalogue().residue.values()))
NUMBERS = {
    "deleted": "401-52-7701",
    "gap": "401-52-7702",
    "odd": "401-52-7703",
    "efi": "401-52-7704",
    "swap": "401-52-7705",
    "file": "401-52-7706",
}
LIMIT = 60


def note(where):
    return f"Patient SSN: {NUMBERS[where]}\n".encode()


@pytest.fixture
def closed(lab, tmp_path, tree):
    """A closed session whose disk has a number everywhere; where that of each lies."""
    root = images.filesystem("ext4", tmp_path / "root.raw", tree)
    (tmp_path / "packed").write_bytes(gzip.compress(note("file")))
    (tmp_path / "plain").write_bytes(note("deleted"))
    images.mounted(root, f"{{ cp {tmp_path}/packed MOUNT/srv.gz && cp {tmp_path}/plain MOUNT/plain && sync && rm MOUNT/plain; }}")
    swap, efi, odd = (tmp_path / name for name in ("swap.raw", "efi.raw", "odd.raw"))
    for path in (swap, efi, odd):
        with open(path, "wb") as stream:
            stream.truncate(36 * images.MIB)
    images.call("mkswap", swap)
    images.call("mkfs.vfat", "-n", "EFI", efi)
    (tmp_path / "boot.cfg").write_bytes(note("efi"))
    images.call("mcopy", "-i", efi, tmp_path / "boot.cfg", "::boot.cfg")
    put(odd, 20 * images.MIB, gzip.compress(note("odd")))
    put(swap, 1 << 20, note("swap"))
    path = images.disk("gpt", tmp_path / "disk.raw", [("linux", root), ("esp", efi), ("linux", swap), ("linux", odd)])
    put(path, 512 * 1024, note("gap"))
    lab.do("open", source=images.qcow2(path, tmp_path / "disk.qcow2"))
    lab.do("planted")
    assert lab.do("closed")["session"]["residue"]["found"] == []
    yield SessionState(str(lab.directory))
    lab.do("discarded")


def put(path, place, content):
    with open(path, "r+b") as stream:
        stream.seek(place)
        stream.write(content)


def test_what_is_promoted_is_searched_byte_for_byte(lab, closed, tmp_path):
    """What was deleted and swapped out is overwritten by now; archives among files were searched before."""
    before = os.listdir(lab.directory)
    found = search(closed, RULES, b"key", LIMIT)
    places = {finding.path: finding.offset for finding in found.findings}
    odd = images.EDGE + (48 + 36 + 36 + 20) * images.MIB
    assert {finding.rule for finding in found.findings} == {"residue-social-security-number"}
    assert places.keys() == {"disk 1", f"disk 1 at byte {odd}"}
    assert places.pop(f"disk 1 at byte {odd}") == note("odd").index(b"SSN")
    raw = images.raw(lab.directory / "overlay.qcow2", tmp_path / "raw")
    plain = [finding.offset for finding in found.findings if finding.path == "disk 1"]
    with open(raw, "rb") as stream:
        content = stream.read()
    assert sorted(plain) == sorted(content.index(b"SSN: " + NUMBERS[where].encode()) for where in ("gap", "efi"))
    assert not found.unread
    assert os.listdir(lab.directory) == before and closed.state == "closed"
    assert search(closed, RULES, b"key", LIMIT).findings == found.findings
    lab.do("promoted")
    assert wait_until(lambda: not lab.leftovers(), 10), lab.leftovers()


def test_only_a_closed_session_is_searched(lab, plain):
    lab.do("open", source=plain)
    with pytest.raises(ImageError, match="the session web is open, but must be closed or staged for this"):
        search(SessionState(str(lab.directory)), RULES, b"", LIMIT)
