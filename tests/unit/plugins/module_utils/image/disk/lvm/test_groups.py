# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Volume groups that LVM itself made on files; what it says of each is what we say."""

from __future__ import annotations

import os
import random
import re
import shutil
import struct

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm import groups, physical
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.tests.templates import lvm

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or shutil.which("pvcreate", path="/usr/sbin:/sbin") is None, reason="needs root and lvm2")

MIB = 1 << 20
# Each device begins here in its file, as a partition does.
START = MIB
SIZE = 32 * MIB


@pytest.fixture
def made(tmp_path):
    """Make devices of these names, each in a disk of its own, and call ``script`` with LVM for them; returns the disks."""

    def make(script, names="abc", place=tmp_path):
        place.mkdir(exist_ok=True)
        disks = {name: place / f"{name}.raw" for name in names}
        for path in disks.values():
            with open(path, "wb") as stream:
                stream.truncate(START + SIZE + MIB)
        with lvm.on(place / "lvm", **{name: (path, START, SIZE) for name, path in disks.items()}) as tools:
            make.said = script(tools)
        return disks

    return make


def windows(disks):
    return [Window(str(path), START, SIZE, f"physical volume {name}") for name, path in disks.items()]


def read(disks):
    return groups.read([physical.read(window) for window in windows(disks)], "web.raw")


def group(tools, *more, name="vg", devices="abc", extent="1m"):
    """A group of some physical volumes; the others belong to none."""
    tools.run("pvcreate", "-y", *more, *map(tools.device, sorted(os.listdir(tools.place / "dev"))))
    tools.run("vgcreate", "-y", "-s", extent, name, *map(tools.device, devices))


def segments(disks, volume):
    """A volume as (device, first byte in it, bytes)."""
    names = {str(path): name for name, path in disks.items()}
    return [(names[window.path], window.offset - START, window.size) for window in volume.segments]


OPTIONS = ([], ["--metadatasize", "2m"], ["--pvmetadatacopies", "2"], ["--dataalignment", "4m"], ["--bootloaderareasize", "1m"])


def layout(tools, seed):
    """Some volumes that grow, and go again, so that they lie in pieces; whatever there is no room for is left out."""
    dice = random.Random(seed)
    group(tools, *dice.choice(OPTIONS), devices="abc"[: dice.randint(1, 3)], extent=dice.choice(["64k", "1m", "2m"]))
    names = [f"lv.{number}-x" for number in range(dice.randint(2, 4))]
    for name in names:
        tools.create("vg", name, dice.randint(1, 2))
    for unused in range(dice.randint(2, 6)):
        tools.run("lvextend", "-l", f"+{dice.randint(1, 20)}%FREE", f"vg/{dice.choice(names)}", may_fail=True)
        if dice.random() < 0.3 and len(names) > 1:
            tools.run("lvremove", "-y", f"vg/{names.pop(dice.randrange(len(names)))}")
    return tools.layout()


@pytest.mark.many
@pytest.mark.parametrize("seed", range(24))
def test_volumes_lie_where_lvm_says(made, seed):
    disks = made(lambda tools: layout(tools, seed))
    (found,) = read(disks)
    assert {volume.name: segments(disks, volume) for volume in found.volumes} == made.said


def test_the_free_extents_are_those_that_lvm_has_free(made):
    def script(tools):
        group(tools, devices="ab")
        for name in ("root", "gap", "swap"):
            tools.create("vg", name, 3, tools.device("a"))
        tools.run("lvremove", "-y", "vg/gap")
        return [
            row
            for row in tools.report("pvs", "pv_name,pvseg_start,pvseg_size,segtype", "--segments")
            if row["segtype"] == "free" and row["pvseg_size"] != "0"
        ]

    disks = made(script)
    (found,) = read(disks)
    names = {str(path): name for name, path in disks.items()}
    free = {(names[window.path], (window.offset - START) // MIB - 1, window.size // MIB) for window in found.free}
    assert free == {(os.path.basename(row["pv_name"]), int(row["pvseg_start"]), int(row["pvseg_size"])) for row in made.said}


def test_the_newest_metadata_count_and_a_volume_without_any_is_found(made):
    """LVM writes to as many physical volumes as lvmlocal asks; c has an area that is not used, b none, and a only old ones."""

    def script(tools):
        tools.run("pvcreate", "--metadatacopies", "0", tools.device("b"))
        tools.run("pvcreate", tools.device("a"), tools.device("c"))
        tools.run("vgcreate", "-s", "1m", "vg", *map(tools.device, "abc"))
        tools.run("pvchange", "-y", "--metadataignore", "y", tools.device("c"))
        tools.create("vg", "data", 50)

    disks = made(script)
    carried = [len(physical.read(window).metadata) for window in windows(disks)]
    assert carried == [1, 0, 0]
    (found,) = read(disks)
    assert [(name, size // MIB) for name, unused_first, size in segments(disks, found.volumes[0])] == [("a", 31), ("b", 19)]


def test_a_text_that_goes_round_the_end_of_its_ring(made, tmp_path):
    def script(tools):
        tools.run("pvcreate", "--metadatasize", "32k", tools.device("a"))
        tools.run("vgcreate", "-s", "1m", "vg", tools.device("a"))
        tools.create("vg", "root", 2)
        for number in range(60):
            tools.run("lvrename", "vg", "root", "other") if number % 2 == 0 else tools.run("lvrename", "vg", "other", "root")
            offset, length = location(tmp_path / "a.raw")
            if offset + length > 32 << 10:
                return tools.report("lvs", "lv_name")[0]["lv_name"]
        raise AssertionError("it never went round")

    (found,) = read(made(script, "a"))
    assert [volume.name for volume in found.volumes] == [made.said]


def location(path):
    """Where the first metadata area of a device says that its text lies."""
    with open(path, "rb") as stream:
        stream.seek(START + 4096 + 40)
        return struct.unpack("<QQ", stream.read(16))


# -- what is refused ----------------------------------------------------------


RAID = [
    *(
        (f"both_r{kind}_{number}", lvm.linear(10 + 2 * number + extra, count), lvm.HIDDEN)
        for number in (0, 1)
        for kind, extra, count in (("image", 0, 2), ("meta", 10, 1))
    ),
    (
        "both",
        'extent_count = 2\ntype = "raid1"\ndevice_count = 2\nregion_size = 1024\nraids = ["both_rmeta_0", "both_rimage_0", "both_rmeta_1", "both_rimage_1"]',
    ),
]
SNAPSHOT = [
    ("before", lvm.linear(10)),
    ("snapshot0", 'extent_count = 2\ntype = "snapshot"\nchunk_size = 8\norigin = "root"\ncow_store = "before"', lvm.HIDDEN),
]
STRIPED = [("wide", 'extent_count = 2\ntype = "striped"\nstripe_count = 2\nstripe_size = 128\nstripes = ["pv0", 10, "pv1", 10]')]
ERROR = [("bad", 'extent_count = 2\ntype = "error"')]


@pytest.mark.parametrize(
    "added,refused",
    [
        (lvm.THIN, {"root": "", "pool": "a thin pool", "thin": "a thin volume"}),
        (RAID, {"root": "", "both": "a RAID volume (raid1)"}),
        (SNAPSHOT, {"root": "a volume with a snapshot", "before": "a snapshot"}),
        (STRIPED, {"root": "", "wide": "a volume with 2 stripes"}),
        (ERROR, {"root": "", "bad": "of the type error, which is not known"}),
    ],
    ids=["thin", "raid", "snapshot", "striped", "error"],
)
def test_a_volume_that_is_not_linear(made, added, refused):
    def script(tools):
        group(tools, devices="ab")
        tools.create("vg", "root", 3, tools.device("a"))
        tools.restore("vg", lvm.added(added))
        return tools.report("lvs", "lv_name")

    disks = made(script)
    (found,) = read(disks)
    assert {row["lv_name"].strip("[]") for row in made.said} >= set(refused)
    assert {each.name: each.refused for each in found.volumes} == refused
    assert all(bool(each.segments) == (not each.refused or each.name == "root" or each.name == "before") for each in found.volumes)


@pytest.mark.parametrize(
    "names,sentence",
    [
        (
            "a",
            r"the LVM volume group vg of web.raw cannot be opened: it lacks the physical volume \S+, which was /\S+/b last: name all disks",
        ),
        ("abb", "physical volume b has the identifier of physical volume b: leave the copy out"),
    ],
)
def test_a_group_that_is_not_whole_or_there_twice(made, names, sentence):
    disks = made(lambda tools: [group(tools, devices="ab"), tools.create("vg", "root", 40)])
    with pytest.raises(ImageError, match=sentence):
        groups.read([physical.read(windows(disks)["abc".index(name)]) for name in names], "web.raw")


def test_a_physical_volume_that_lvm_removed_while_it_was_missing(made):
    """It has the old metadata still, which do not count any more."""

    def script(tools):
        group(tools, devices="ab")
        os.rename(tools.device("b"), tools.place / "away")
        tools.run("vgreduce", "--removemissing", "vg")
        tools.create("vg", "root", 5)

    disks = made(script)
    (found,) = read({name: disks[name] for name in "ab"})
    assert [segments(disks, each) for each in found.volumes] == [[("a", MIB, 5 * MIB)]]


def test_a_physical_volume_that_lvm_marked_as_missing(made):
    """LVM keeps it so when it comes back, because nobody knows what happened to the volume on it meanwhile."""

    def script(tools):
        group(tools, devices="ab")
        tools.create("vg", "data", 5, tools.device("b"))
        os.rename(tools.device("b"), tools.place / "away")
        tools.run("vgreduce", "--removemissing", "vg", may_fail=True)
        return tools.report("pvs", "pv_missing,vg_name")

    disks = made(script)
    assert {"pv_missing": "1", "vg_name": "vg"} in made.said
    with pytest.raises(ImageError, match="group vg of web.raw cannot be opened: it lacks the physical volume"):
        read({name: disks[name] for name in "ab"})


def test_two_groups_of_one_name(made, tmp_path):
    first = made(lambda tools: group(tools, devices="a"), "a")
    second = made(lambda tools: group(tools, devices="b"), "b", tmp_path / "other")
    with pytest.raises(ImageError, match="web.raw has two LVM volume groups of the name vg: rename one in a running clone with 'vgrename'"):
        read({**first, **second})


def test_an_exported_group(made):
    disks = made(lambda tools: [group(tools), tools.run("vgexport", "vg")])
    with pytest.raises(ImageError, match="group vg of web.raw cannot be opened: it is exported: run 'vgimport'"):
        read(disks)


def test_a_disk_that_is_cut_off(made):
    disks = made(group)
    os.truncate(disks["a"], START + SIZE - MIB)
    short = Window(str(disks["a"]), START, SIZE - MIB, "a")
    with pytest.raises(ImageError, match="a ends after 32505856 of its 33554432 bytes: copy the template whole"):
        physical.read(short)


# Where the text of the metadata begins, of a group that was just made with one volume.
LABEL, AREA = START + 512, START + 4096


@pytest.mark.parametrize(
    "at,new,sentence",
    [
        (LABEL, b"NOLABEL!", "a is damaged, it has no label of LVM2: copy the template anew"),
        (LABEL + 40, b"x", "a is damaged, the checksum of its label is wrong"),
        (AREA + 4, b"x", "a is damaged, its metadata area has no header"),
        (AREA + 41, b"x", "a is damaged, the checksum of its metadata area is wrong"),
    ],
)
def test_a_damaged_header(made, at, new, sentence):
    disks = made(group)
    overwrite(disks["a"], at, new)
    with pytest.raises(ImageError, match=f"physical volume {sentence}"):
        read(disks)


def test_damaged_metadata(made):
    disks = made(group)
    overwrite(disks["a"], AREA + location(disks["a"])[0] + 20, b"x")
    with pytest.raises(ImageError, match="physical volume a is damaged, the checksum of its metadata is wrong: copy the template anew"):
        read(disks)


def overwrite(path, at, new):
    with open(path, "r+b") as stream:
        stream.seek(at)
        stream.write(new)


def mutated(content, dice):
    """The bytes of a device with some changes in its headers and its text, which are checksummed anew three times in four."""
    device = bytearray(content)
    offset, length = struct.unpack_from("<QQ", device, 4096 + 40)
    text = slice(4096 + offset, 4096 + offset + length)
    for unused in range(dice.randint(1, 3)):
        where = dice.choice([range(512, 512 + 140), range(4096, 4096 + 80), range(text.start, text.stop), range(text.start, text.stop)])
        at = dice.choice(where)
        kind = dice.randrange(4)
        if kind == 0:
            device[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            device[at : at + 8] = struct.pack("<Q", dice.choice([0, 1, 511, 1 << 20, (1 << 63) - 1, (1 << 64) - 1, dice.getrandbits(64)]))
        elif kind == 2 and where.start >= text.start:
            digits = list(re.finditer(rb"\d+", device[text]))
            found = dice.choice(digits)
            many = dice.choice([b"0", b"9" * len(found[0]), b"-1", str(dice.randrange(100)).encode()])
            device[text.start + found.start() : text.start + found.end()] = many.rjust(len(found[0]))[: len(found[0])]
        else:
            other = dice.choice(range(text.start, text.stop))
            size = dice.randint(1, 40)
            device[at : at + size] = device[other : other + size]
    if dice.random() < 0.75:
        struct.pack_into("<I", device, 4096 + 40 + 16, physical.checksum(device[text]))
        struct.pack_into("<I", device, 4096, physical.checksum(device[4100:4608]))
        struct.pack_into("<I", device, 512 + 16, physical.checksum(device[532:1024]))
    return bytes(device[: 1 << 20])


@pytest.mark.many
def test_mutated_metadata_end_in_a_sentence_or_in_volumes_that_can_be(made):
    """None leads out of its device, or has two volumes on one extent."""

    def script(tools):
        group(tools, devices="ab")
        for name in ("root", "swap", "root2"):
            tools.create("vg", name, 12)
        tools.run("lvextend", "-l", "+9", "vg/root")

    disks = made(script)
    with open(disks["a"], "rb") as stream:
        stream.seek(START)
        content = stream.read(1 << 20)
    right = read(disks)
    dice = random.Random(13)
    ends = {"right": 0, "changed": 0, "refused": 0}
    for unused in range(600):
        overwrite(disks["a"], START, mutated(content, dice))
        try:
            found = read({name: disks[name] for name in "ab"})
        except ImageError as problem:
            assert "\n" not in str(problem) and len(str(problem)) < 400, str(problem)
            ends["refused"] += 1
            continue
        ends["right" if found == right else "changed"] += 1
        pieces = sorted((piece.path, piece.offset, piece.size) for each in found for one in each.volumes for piece in one.segments)
        assert all(offset >= START and offset + size <= START + SIZE for unused_path, offset, size in pieces)
        assert all(first[0] != second[0] or first[1] + first[2] <= second[1] for first, second in zip(pieces, pieces[1:]))
    assert ends["refused"] > 200 and ends["right"] > 20
