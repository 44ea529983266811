# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files in groups: what changes changes the digest of its group alone, and only that group travels."""

from __future__ import annotations

import hashlib
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.manifest import files, selection
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.digests import Digests
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.injected import Injected

STATUS = "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n"
USER = "hygeia-verify-0123456789abcdef"


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def root(tmp_path):
    texts = {
        "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
        "etc/group": "root:x:0:\n",
        "usr/bin/tool": "a tool",
        "usr/share/tool/data": "changed",
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/tool.list": "/.\n/bin\n/bin/tool\n/usr/share/tool\n/usr/share/tool/data\n",
        "var/lib/dpkg/info/tool.md5sums": f"{md5('a tool')}  bin/tool\n{md5('data')}  usr/share/tool/data\n",
        "opt/deep/er/than/that/own": "mine",
        "var/log/messages": "",
        "boot/initrd.img": "made",
    }
    for name, text in texts.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (tmp_path / "bin").symlink_to("usr/bin")
    return tmp_path


RULES = [{"compare": "nothing", "items": {"files": ["/var/**"]}}, {"compare": "rights", "items": {"files": ["/boot/*"]}}]


def read(root, rules=RULES, digests=None, injected=None):
    return files.Reader(Host(str(root), check=True, injected=injected), selection.Selection(rules), digests).files()


def entry(found, path):
    return next((entry for group in found.groups.values() for entry in group.entries if entry[0] == path), None)


def paths(found):
    return {entry[0] for group in found.groups.values() for entry in group.entries}


def test_files_are_grouped_by_package_and_else_by_directory(root):
    found = read(root)
    assert [each[0] for each in found.groups["tool"].entries] == ["/bin", "/usr/bin/tool", "/usr/share/tool", "/usr/share/tool/data"]
    assert [each[0] for each in found.groups["/opt/deep"].entries][-1] == "/opt/deep/er/than/that/own"
    assert entry(found, "/usr/bin/tool")[6] == hashlib.sha256(b"a tool").hexdigest()


def test_what_is_ignored_is_not_there_and_its_directory_is(root):
    found = read(root)
    assert entry(found, "/var/log/messages") is None and entry(found, "/var") is not None


def test_of_what_is_generated_only_the_rights_count(root):
    before = read(root)
    (root / "boot/initrd.img").write_text("made again, and longer")
    assert read(root).digests() == before.digests()
    (root / "boot/initrd.img").chmod(0o666)
    assert read(root).digests() != before.digests()


def test_a_change_shows_in_its_group_alone(root):
    before = read(root).digests()
    (root / "usr/bin/tool").chmod(0o4755)
    (root / "opt/new").write_text("")
    now = read(root)
    changed, gone = files.differing(now, before)
    assert (set(changed), gone) == ({"tool", "/opt"}, [])


def test_a_group_that_is_gone_is_said(root):
    before = read(root).digests()
    (root / "boot/initrd.img").unlink()
    assert files.differing(read(root), before) == ({}, ["/boot"])


def test_only_what_the_package_brought_is_as_packaged(root):
    reader = files.Reader(Host(str(root), check=True), selection.Selection(RULES))
    found = reader.files()
    assert list(reader.packaged("tool", found.groups["tool"].entries)) == ["/usr/bin/tool"]
    assert list(reader.packaged("/opt", found.groups["/opt"].entries)) == []


def test_files_that_did_not_change_are_not_read_again(root):
    known = Digests()
    first = read(root, digests=known)
    again = Digests(known.content)
    second = read(root, digests=again)
    assert (first.read > 3, second.read, second.digests()) == (True, 0, first.digests())
    (root / "usr/bin/tool").write_text("b tool")
    third = read(root, digests=Digests(again.content))
    assert third.read == 1 and entry(third, "/usr/bin/tool")[6] == hashlib.sha256(b"b tool").hexdigest()


def test_a_controller_computes_the_same_digests(root):
    found = read(root)
    assert {name: selection.of_entries(group.entries) for name, group in found.groups.items()} == found.digests()
    whole = read(root, [])
    selected = selection.Selection(RULES)
    kept = [
        selected.entry(each)
        for group in whole.groups.values()
        for each in group.entries
        if not selected.ignored("files", each[0]) and each[0].startswith("/boot")
    ]
    assert selection.of_entries(each for each in kept if each[0] != "/boot") == found.digests()["/boot"]


def test_a_large_group_is_whole(root):
    (root / "srv").mkdir()
    for number in range(300):
        (root / f"srv/{number}").touch()
    assert len(read(root).groups["/srv"].entries) == 300


def test_the_login_of_a_boot_check_is_no_part_of_the_system(root):
    before = read(root)
    lines = {
        "/etc/passwd": [f"{USER}:x:59990:59990::/var/lib/{USER}:/bin/sh\n"],
        f"/etc/sudoers.d/zz-{USER}": ["rule\n"],
        "/etc/systemd/system/nftables.service.d/zz-x.conf": ["[Service]\n"],
        "/opt/deep/file": ["ours\n"],
    }
    for path, (text,) in lines.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text((place.read_text() if place.exists() else "") + text)
    (root / f"opt/{USER}").mkdir()
    found = read(root, injected=Injected(USER, lines))
    made = paths(found) - paths(before)
    assert made == {"/etc/systemd", "/etc/systemd/system"}
    assert entry(found, "/etc/passwd") == entry(before, "/etc/passwd")
    assert entry(read(root), "/etc/passwd") != entry(before, "/etc/passwd")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_capabilities_and_attributes_count(root):
    before = read(root).digests()
    own = root / "opt/deep/er/than/that/own"
    os.setxattr(own, "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    capable = read(root)
    assert entry(capable, "/opt/deep/er/than/that/own")[7].startswith("01000002")
    os.setxattr(own, "user.note", b"x")
    assert len({before["/opt/deep"], capable.digests()["/opt/deep"], read(root).digests()["/opt/deep"]}) == 3
