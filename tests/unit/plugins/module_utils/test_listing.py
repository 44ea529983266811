# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trees with packages of dpkg and rpm, with everything that may lie in one, read back as the controller does."""

from __future__ import annotations

import hashlib
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.listing import tree as trees
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.plugin_utils.comparison import listing

STATUS = "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n"


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def root(tmp_path):
    """A merged system whose package names its program by the link /bin."""
    texts = {
        "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
        "etc/group": "root:x:0:\n",
        "usr/bin/tool": "a tool",
        "usr/share/tool/data": "changed",
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/tool.list": "/.\n/bin\n/bin/tool\n/usr/share/tool\n/usr/share/tool/data\n",
        "var/lib/dpkg/info/tool.md5sums": f"{md5('a tool')}  bin/tool\n{md5('data')}  usr/share/tool/data\n",
        "opt/own": "mine",
        "tmp/passing": "",
    }
    for name, text in texts.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (tmp_path / "bin").symlink_to("usr/bin")
    return tmp_path


def entries(root, count=2):
    found = trees.listed(Host(str(root), check=True), count)
    assert found["complete"] and found["unread"] == []
    unpacked = listing.unpacked(found["listing"])
    assert len(unpacked) == found["entries"]
    return unpacked


def test_files_are_listed_with_content_and_package(root):
    found = entries(root)
    assert (found["/usr/bin/tool"].content, found["/usr/bin/tool"].package) == ("=", "tool")
    changed = found["/usr/share/tool/data"]
    assert (changed.content, changed.package, changed.size) == (hashlib.sha256(b"changed").hexdigest(), "tool", 7)
    assert (found["/opt/own"].content, found["/opt/own"].package) == (hashlib.sha256(b"mine").hexdigest(), "")
    assert (found["/bin"].type, found["/bin"].content) == ("l", "usr/bin")
    assert found["/opt"].type == "d" and "/tmp/passing" not in found and "/tmp" in found


def test_one_process_lists_what_several_do(root):
    assert entries(root, 1) == entries(root, 3)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_rights_owners_devices_and_capabilities_are_listed(root):
    os.mknod(root / "opt/device", 0o020660, os.makedev(1, 3))
    os.mkfifo(root / "opt/pipe")
    os.chown(root / "opt/own", 0, 4711)
    os.chmod(root / "opt/own", 0o6755)
    os.setxattr(root / "opt/own", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    found = entries(root)
    assert (found["/opt/device"].type, found["/opt/device"].content) == ("c", "1:3") and found["/opt/pipe"].type == "p"
    own = found["/opt/own"]
    assert (own.mode, own.owner, own.group, own.capability[:16]) == (0o6755, "root", "4711", "0100000200040000")


def test_a_name_of_any_bytes_is_one_entry(root):
    (root / os.fsdecode(b"opt/a\xff\x1b[31m\n<b>")).write_text("x")
    assert "/opt/a\\xFF\\x1B[31m\\n<b>" in entries(root)


def test_no_link_is_followed_and_no_pipe_is_read(root):
    (root / "opt/shadow").symlink_to("/etc/hostname")
    os.mkfifo(root / "usr/bin/pipe")
    found = entries(root)
    assert found["/opt/shadow"].content == "/etc/hostname" and found["/usr/bin/pipe"].content == ""


def test_rpm_says_what_its_packages_brought(root, tree):
    for name in ("status", "info/tool.list", "info/tool.md5sums"):
        (root / "var/lib/dpkg" / name).unlink()
    (root / "etc/os-release").write_text("ID=rhel\n")
    digest = hashlib.sha256(b"a tool").hexdigest()
    answer = f"tool {digest} /bin/tool\ntool {'0' * 64} /usr/share/tool/data\ntool  /usr/share/tool\n"
    found = trees.listed(tree(answers={"rpm": answer}), 1)
    unpacked = listing.unpacked(found["listing"])
    assert (unpacked["/usr/bin/tool"].content, unpacked["/usr/bin/tool"].package) == ("=", "tool")
    assert unpacked["/usr/share/tool/data"].content == hashlib.sha256(b"changed").hexdigest()
    assert unpacked["/usr/share/tool"].package == "tool"
