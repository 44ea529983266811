# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader of fstab beside the two programs that mount by it: libmount's, and the function of the C library."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage import mount
from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

BLANKS = st.text(" \t", min_size=1, max_size=3)
WORD = st.text('ab/="#,.:-\\', min_size=1, max_size=8).filter(lambda word: "\\" not in word)
OCTAL = st.sampled_from(["\\040", "\\011", "\\134", "\\012"])
NAME = st.lists(st.one_of(WORD, OCTAL), min_size=1, max_size=3).map("".join)
SOURCE = st.one_of(NAME, st.sampled_from(["UUID=1-2", 'UUID="1-2"', "LABEL=My\\040Disk", "tmpfs", "/dev/vda1", "pacs:/x"]))
WHERE = st.one_of(NAME.map("/{}".format), st.sampled_from(["/", "/tmp/", "//var//log", "none", "swap"]))
TYPE = st.sampled_from(["ext4", "udf,iso9660", "auto", "none", "tmpfs"])
OPTIONS = st.one_of(st.sampled_from(["defaults", "noauto", "ro,,nodev", 'context="a,b",ro', "bind"]), NAME)
END = st.sampled_from(["", " ", "\t", " 0", " 0 2", "\t1\t 1 ", " 0 0 0"])
FULL = st.tuples(SOURCE, BLANKS, WHERE, BLANKS, TYPE, BLANKS, OPTIONS, END).map("".join)
SHORT = st.tuples(SOURCE, BLANKS, WHERE, BLANKS, TYPE, st.sampled_from(["", " ", "\t "])).map("".join)
NOTHING = st.one_of(st.sampled_from(["", "  ", "\t", "# /dev/x /x ext4", "  #x y z w"]), WORD, st.tuples(WORD, BLANKS, WORD).map("".join))
LINES = st.lists(st.tuples(st.sampled_from(["", " ", "\t"]), st.one_of(FULL, SHORT, NOTHING)).map("".join), max_size=40)
QUICK = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


class Entry(ctypes.Structure):
    """struct mntent of <mntent.h>."""

    _fields_ = [(name, ctypes.c_char_p) for name in ("source", "where", "type", "options")] + [
        ("freq", ctypes.c_int),
        ("pass_", ctypes.c_int),
    ]


def by_libc(path):
    """What getmntent(3) makes of a file, by which systemd mounts."""
    libc = ctypes.CDLL(None)
    libc.setmntent.restype, libc.getmntent.restype = ctypes.c_void_p, ctypes.POINTER(Entry)
    libc.getmntent.argtypes = libc.endmntent.argtypes = [ctypes.c_void_p]
    stream = libc.setmntent(str(path).encode(), b"r")
    found = []
    while entry := libc.getmntent(stream):
        words = (entry.contents.source, entry.contents.where, entry.contents.type, entry.contents.options)
        found.append(tuple(word.decode() for word in words))
    libc.endmntent(stream)
    return [entry for entry in found if entry[2]]


def by_findmnt(path):
    """What libmount makes of it, by which mount(8) mounts."""
    ran = subprocess.run(
        ["findmnt", "--fstab", "--tab-file", str(path), "--json", "--output", "SOURCE,TARGET,FSTYPE,OPTIONS"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(ran.stdout)["filesystems"] if ran.stdout.strip() else []
    return [(entry["source"], entry["target"], entry["fstype"], entry["options"] or "") for entry in found]


def plain(entries):
    """The same spelling for what the programs print; blanks in an option are printed differently by each."""
    return [
        (fstab._source(source), fstab.canonical(where), tuple(types.split(",")), tuple(fstab.split(options)) or ("defaults",))
        for source, where, types, options in entries
    ]


def ours(text):
    return [(entry.source, entry.where, entry.types, entry.options) for entry in fstab.read(text)]


@QUICK
@given(lines=LINES)
def test_the_c_library_reads_the_same(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "libc.fstab"
    text = "".join(f"{line}\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    assert ours(text) == plain(by_libc(path))


@pytest.mark.skipif(not shutil.which("findmnt"), reason="findmnt is not installed on this machine")
@QUICK
@given(lines=st.lists(st.one_of(FULL, SHORT), max_size=40), end=st.sampled_from(["", "\n", "\r\n"]))
def test_findmnt_reads_the_same(tmp_path_factory, lines, end):
    path = tmp_path_factory.getbasetemp() / "findmnt.fstab"
    text = "\n".join(lines) + end
    path.write_bytes(text.encode())
    assert ours(text) == plain(by_findmnt(path))


@QUICK
@given(lines=LINES)
def test_options_are_put_where_they_are_read(lines):
    text = "\n".join(lines)
    for entry in fstab.read(text):
        gap = "" if entry.end > entry.start else " "
        changed = list(fstab.read(f"{text[: entry.start]}{gap}nodev,ro{text[entry.end :]}"))
        before = list(fstab.read(text))
        assert [(new.number, new.source, new.where) for new in changed] == [(old.number, old.source, old.where) for old in before]
        assert changed[before.index(entry)].options == ("nodev", "ro")


@pytest.mark.parametrize("word", ["/srv/with blank", "/srv/tab\there", "/srv/back\\slash", "/srv/\u00e4"])
def test_a_word_is_quoted_as_it_is_read(word):
    assert fstab.unquoted(fstab.quoted(word)) == word


def test_an_octal_letter_of_two_bytes():
    assert fstab.unquoted("/srv/\\303\\244") == "/srv/\u00e4"


@QUICK
@given(lines=LINES, chosen=st.integers(0, 40))
@example(lines=['/dev/vda1 / ext4 "'], chosen=0)
@example(lines=["/srv/a\\040b/log /var/log none bind,x-systemd.requires-mounts-for=/srv/a\\040b 0 0", "/dev/vdb /srv xfs"], chosen=0)
def test_an_edit_adds_options_to_one_line_and_leaves_the_words_of_all_as_they_were(tmp_path, lines, chosen):
    text = "\n".join(lines) + "\n"
    path = tmp_path / "fstab"
    path.write_text(text, encoding="utf-8")
    before, entries = by_libc(path), [entry for entry in fstab.read(text) if entry.where.startswith("/")]
    if not entries or len(before) != len(list(fstab.read(text))):
        return  # a line that the C library reads in another way than libmount
    where = entries[chosen % len(entries)].where
    if any(option.count('"') % 2 for option in fstab.at(fstab.read(text), where).options):
        with pytest.raises(BadSetting, match="a double quote in /etc/fstab that does not end"):
            mount._edited(text, where, ["nodev", "nosuid"])
        return
    path.write_text(mount._edited(text, where, ["nodev", "nosuid"]), encoding="utf-8")
    after = by_libc(path)
    touched = next(number for number, entry in enumerate(before) if fstab.canonical(entry[1]) == where)
    assert after[:touched] + after[touched + 1 :] == before[:touched] + before[touched + 1 :]
    assert after[touched][:3] == before[touched][:3]
    kept = [option for option in fstab.split(before[touched][3]) if option not in ("dev", "suid")]
    assert fstab.split(after[touched][3])[: len(kept)] == kept
    assert {"nodev", "nosuid"} <= set(fstab.split(after[touched][3]))
    assert mount._edited(path.read_text(encoding="utf-8"), where, ["nodev", "nosuid"]) == path.read_text(encoding="utf-8")
