# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading and writing the files of a system that may be hostile."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import LARGEST, Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import replacing
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from hypothesis import given, settings
from hypothesis import strategies as st

PATH = "/etc/app.conf"
# Any line of a file, with any bytes and a carriage return only where a line may end in one.
LINES = st.lists(st.tuples(st.binary(max_size=6).filter(lambda raw: not set(raw) & set(b"\r\n")), st.booleans()), max_size=8)
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root may do this")


@pytest.fixture
def place(tree, tmp_path):
    """Where the file of a tree lies; nothing is there yet."""
    tree({"/etc/other.conf": "other\n"})
    return tmp_path / "etc/app.conf"


def _socket(place):
    with socket.socket(socket.AF_UNIX) as made:
        directory = os.getcwd()
        os.chdir(place.parent)  # the name of a socket is short
        try:
            made.bind(place.name)
        finally:
            os.chdir(directory)


def _huge(place):
    with open(place, "wb") as stream:
        stream.truncate(LARGEST + 1)


ODD = {
    "a named pipe": os.mkfifo,
    "a socket": _socket,
    "a directory": os.mkdir,
    "links that have no end": lambda place: place.symlink_to(place.name),
    "larger than": _huge,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", ODD)
def test_what_is_no_file_is_reported_and_never_waited_for(tmp_path, place, what):
    ODD[what](place)
    with pytest.raises(OddFile, match="/etc/app.conf.*") as problem:
        Host(str(tmp_path)).read(PATH)
    assert what in str(problem.value)


@needs_root
def test_a_device_is_not_even_opened(tmp_path, place):
    os.mknod(place, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    with pytest.raises(OddFile, match="is a device"):
        Host(str(tmp_path)).read(PATH)


@pytest.mark.parametrize("target", ["/proc/self/environ", "/proc/1/environ", "/sys/kernel/notes", "/dev/zero"])
def test_no_file_of_a_running_system_leads_to_what_the_kernel_makes_up(tmp_path, target):
    (tmp_path / "os-release").symlink_to(target)
    with pytest.raises(OddFile, match="is not a file of the system"):
        Host().read(str(tmp_path / "os-release"))


def test_a_link_stays_inside_of_the_system(tmp_path, place):
    place.symlink_to("/../../../../etc/passwd")
    assert Host(str(tmp_path)).read(PATH) is None
    place.unlink()
    place.symlink_to("/proc/self/environ")
    with pytest.raises(OddFile):
        Host(str(tmp_path)).read(PATH)
    place.unlink()
    place.symlink_to("/etc/other.conf")
    assert Host(str(tmp_path)).read(PATH) == "other\n"


def test_a_mask_is_an_empty_file_and_the_kernel_s_own_files_are_read(tmp_path, place):
    place.symlink_to("/dev/null")
    assert Host(str(tmp_path)).read(PATH) == ""
    assert Host(str(tmp_path)).files("/etc/*.conf") == Host(str(tmp_path)).regular("/etc/*.conf") == [PATH, "/etc/other.conf"]
    assert "PATH=" in Host().read("/proc/self/environ")


def test_a_directory_among_files_is_passed_over(tmp_path, place):
    place.mkdir()
    os.mkfifo(place.parent / "pipe.conf")
    (place.parent / "loop.conf").symlink_to("loop.conf")
    host = Host(str(tmp_path))
    assert host.glob("/etc/*.conf") == ["/etc/app.conf", "/etc/loop.conf", "/etc/other.conf", "/etc/pipe.conf"]
    assert host.files("/etc/*.conf") == ["/etc/loop.conf", "/etc/other.conf", "/etc/pipe.conf"]
    assert host.regular("/etc/*.conf") == ["/etc/other.conf"]


def test_a_pattern_enters_a_linked_directory_inside_of_the_system(tmp_path, place):
    (tmp_path / "etc/linked.d").symlink_to("/etc/real.d")
    (tmp_path / "etc/real.d").mkdir()
    (tmp_path / "etc/real.d/a.conf").write_text("")
    (tmp_path / "etc/out.d").symlink_to("/usr/bin")
    host = Host(str(tmp_path))
    assert host.glob("/etc/linked.d/*") == host.glob("/etc/linked.d/a.conf") == ["/etc/linked.d/a.conf"]
    assert host.glob("/etc/out.d/*") == host.glob("/etc/loop/*") == []
    assert host.glob("/et[c]/li*/?.conf") == ["/etc/linked.d/a.conf"]


def test_a_line_ends_where_a_line_feed_is(tmp_path, place):
    place.write_bytes(b"# one\x0cUsePAM no\x85\r# two\r\nthree")
    assert Host(str(tmp_path)).lines(PATH) == ["# one\x0cUsePAM no\udc85\r# two", "three"]


# -- writing -----------------------------------------------------------------------------------


@settings(derandomize=True, max_examples=300)
@given(LINES, LINES, st.booleans())
def test_lines_that_an_edit_keeps_stay_as_they_are_to_the_byte(before, added, ended):
    old = b"".join(line + (b"\r\n" if dos else b"\n") for line, dos in before)
    text = old.replace(b"\r\n", b"\n")
    assert replacing.with_ends(old, text) == old
    more = b"".join(line + b"\n" for line, unused_dos in added)
    new = replacing.with_ends(old, text + (more if ended else more[:-1]))
    assert new.replace(b"\r\n", b"\n") == text + (more if ended else more[:-1])


def test_a_new_line_ends_as_the_others_do():
    assert replacing.with_ends(b"a\r\nb\r\nc\r\n", b"a\nB\nc\nd\n") == b"a\r\nB\r\nc\r\nd\r\n"
    assert replacing.with_ends(b"a\nb\r\nc\n", b"a\nb\nnew\nc\n") == b"a\nb\r\nnew\nc\n"
    assert replacing.with_ends(b"a\nb", b"a\nb\nc\n") == b"a\nb\nc\n"


def test_an_edit_writes_where_a_link_leads_and_keeps_all_that_is_not_text(tmp_path, place):
    target = tmp_path / "srv/app.conf"
    target.parent.mkdir()
    target.write_bytes(b"# caf\xe9\r\nA 1\r\n")
    os.chown(target, os.getuid() or 12, os.getgid() or 34)
    target.chmod(0o4640)
    os.setxattr(target, "user.note", b"kept")
    place.symlink_to("/srv/app.conf")
    owner = os.stat(target).st_uid, os.stat(target).st_gid
    if shutil.which("setfacl"):
        subprocess.run(["setfacl", "-m", "u:65534:r", str(target)], check=True)
    lists = subprocess.run(["getfacl", "-pn", str(target)], capture_output=True, check=True).stdout if shutil.which("getfacl") else b""
    host = Host(str(tmp_path))
    host.edit(PATH, host.read(PATH).replace("A 1", "A 2"))
    assert os.readlink(place) == "/srv/app.conf"
    assert target.read_bytes() == b"# caf\xe9\r\nA 2\r\n"
    assert (os.stat(target).st_mode & 0o7777, os.stat(target).st_uid, os.stat(target).st_gid) == (0o4640, *owner)
    assert os.getxattr(target, "user.note") == b"kept"
    if lists:
        assert subprocess.run(["getfacl", "-pn", str(target)], capture_output=True, check=True).stdout == lists


def test_a_file_of_ours_is_no_link_and_belongs_to_us(tmp_path, place):
    place.symlink_to("/etc/other.conf")
    Host(str(tmp_path)).write(PATH, "ours\n", 0o600)
    assert not place.is_symlink() and place.stat().st_mode & 0o7777 == 0o600
    assert (tmp_path / "etc/other.conf").read_text() == "other\n"


def test_a_mask_is_not_written_through(tmp_path, place):
    place.symlink_to("/dev/null")
    with pytest.raises(OddFile, match="put a file in its place"):
        Host(str(tmp_path)).edit(PATH, "text\n")


@needs_root
def test_what_keeps_root_from_writing_is_reported(tmp_path, place):
    place.write_text("old\n")
    with open(place, encoding="utf-8") as stream:
        try:
            fcntl.ioctl(stream, 0x40086602, struct.pack("l", 0x10))  # chattr +i
        except OSError:
            pytest.skip("this filesystem has no such flag")
        try:
            with pytest.raises(OddFile, match="it is immutable; remove the flag with chattr -i"):
                Host(str(tmp_path)).edit(PATH, "new\n")
        finally:
            fcntl.ioctl(stream, 0x40086602, struct.pack("l", 0))
    assert place.read_text() == "old\n" and len(os.listdir(place.parent)) == 2


@pytest.mark.parametrize("links, followed", [(40, True), (41, False)])
def test_as_many_links_are_followed_as_the_kernel_follows(tmp_path, place, links, followed):
    """path_resolution(7): 40 links in one path; the kernel itself is asked too."""
    (tmp_path / "etc/0").write_text("the end\n", encoding="utf-8")
    for number in range(links):
        (tmp_path / f"etc/{number + 1}").symlink_to(str(number))
    host, last = Host(str(tmp_path)), f"/etc/{links}"
    if followed:
        assert (tmp_path / f"etc/{links}").read_text(encoding="utf-8") == host.read(last) == "the end\n"
    else:
        with pytest.raises(OSError, match="Too many levels"):
            (tmp_path / f"etc/{links}").read_text(encoding="utf-8")
        with pytest.raises(OddFile, match="links that have no end"):
            host.read(last)
