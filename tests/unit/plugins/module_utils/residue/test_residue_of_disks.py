# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching the bytes of a disk."""

from __future__ import annotations

import hashlib

from ansible_collections.hygeia.golden.plugins.module_utils.residue import disk, rules, scan
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

RULES = rules.load(list(Catalogue().residue.values()))
MESSAGE = b"\rMSH|^~\\&|ADT|H|PACS|H|20260101||ADT^A01|1|P|2.5\rPID|1||4711^^^H^MR||DOE^JANE||19700101|F\r"


def test_each_value_is_reported_by_its_place_wherever_it_lies(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "_SHARE", 16 << 20)
    path = tmp_path / "disk"
    places = [4096, (4 << 20) - 10, (16 << 20) - 30, (40 << 20) + 7]
    with open(path, "wb") as stream:
        stream.truncate(64 << 20)
        for number, place in enumerate(places):
            stream.seek(place)
            stream.write(MESSAGE.replace(b"4711", b"%d" % number))
    for count in (1, 2):
        found = scan.of_disks([Disk("disk 1", str(path))], RULES, b"key", 60, count)
        assert sorted(finding.offset for finding in found.findings) == [place + 1 for place in places]
        assert {finding.rule for finding in found.findings} == {"residue-hl7"}
        assert found.searched < 1 << 20


def test_rules_about_names_say_nothing_about_a_disk(tmp_path):
    path = tmp_path / "disk"
    path.write_bytes(MESSAGE)
    asked = [rule.id for rule in RULES if rule.of_disk]
    assert "residue-history" not in asked and "residue-private-key" in asked
    assert [
        record["status"] for record in scan.results(scan.of_disks([Disk("disk 1", str(path))], RULES, b"", 60, 1), RULES, "offline", "x")
    ].count("fail") == 1


def test_what_files_have_is_known_on_the_disk(tmp_path):
    """Also what a package brought, which is no find."""
    key = tmp_path / "usr/lib/package.pem"
    key.parent.mkdir(parents=True)
    key.write_text("".join(Catalogue().residue["residue-private-key"]["examples"]["bad"][0]))
    listing = tmp_path / "var/lib/dpkg/info/package.md5sums"
    listing.parent.mkdir(parents=True)
    listing.write_text(f"{hashlib.md5(key.read_bytes(), usedforsecurity=False).hexdigest()}  usr/lib/package.pem\n")
    (tmp_path / "message").write_bytes(MESSAGE)
    files = scan.of_system(Host(str(tmp_path), check=True), RULES, b"key", 60, 1, packaged=True)
    assert [finding.path for finding in files.findings] == ["/message"] and files.unchanged == 1
    path = tmp_path / "disk"
    path.write_bytes(bytes(4096) + key.read_bytes() + bytes(4096) + MESSAGE + bytes(4096) + MESSAGE.replace(b"4711", b"4712"))
    found = scan.of_disks([Disk("disk 1", str(path))], RULES, b"key", 60, 1)
    assert len(found.findings) == 3
    (left,) = found.without(files.values).findings
    assert path.read_bytes()[left.offset :].startswith(MESSAGE[1:].replace(b"4711", b"4712"))
