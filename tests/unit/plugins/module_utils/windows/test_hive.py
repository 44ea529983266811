# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hives are read as libhivex reads them, and a damaged one ends in one sentence."""

from __future__ import annotations

import base64
import random
import struct
import subprocess
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.hive import Hive
from ansible_collections.hygeia.golden.tests.windows import hives, systems
from hypothesis import given, settings
from hypothesis import strategies as st

TREE = {
    "Select": {"Current": 1},
    "ControlSet001": {"Services": {"Spooler": {"Start": 2, "ImagePath": "%SystemRoot%\\System32\\spoolsv.exe", "": "the default"}}},
    "Ω mega": {
        "multi": ["a", "b"],
        "binary": b"\0\1\2",
        "long": bytes(range(256)) * 200,
        "wide": (hives.QWORD, b"\7" * 8),
        "none": (0, b""),
    },
    "Empty": {},
}


@pytest.mark.parametrize("lists", ["lf", "lh", "li", "ri"])
def test_keys_and_values_are_found_in_whichever_case_and_list(lists):
    hive = Hive(hives.hive(TREE, lists), "a hive")
    assert [key.name for key in hive.root.subkeys()] == ["ControlSet001", "Empty", "Select", "Ω mega"]
    spooler = hive.key("controlset001\\SERVICES\\spooler")
    assert {value.name: value.data for value in spooler.values()} == TREE["ControlSet001"]["Services"]["Spooler"]
    assert spooler.value("start").number == 2 and spooler.value("Type") is None
    assert hive.key("ControlSet001\\Services\\Nothing\\below") is None
    mega = hive.key("ω MEGA")
    assert mega.value("multi").data == ["a", "b"] and mega.value("long").raw == TREE["Ω mega"]["long"]
    assert (mega.value("wide").number, mega.value("none").raw) == (0x0707070707070707, b"")


NAMES = st.text(st.characters(codec="utf-8", categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)
VALUES = st.one_of(
    st.integers(0, 2**32 - 1),
    st.text(st.characters(codec="utf-8", categories=["Lu", "Ll", "Nd"]), max_size=20),
    st.lists(NAMES, max_size=3),
    st.binary(max_size=40),
    st.binary(min_size=16340, max_size=16400),
)


def distinct(names):
    """Names that are one name in no case."""
    return len({name.upper() for name in names} | {name.casefold() for name in names}) <= 2 * len(names) and len(
        {name.upper() for name in names}
    ) == len(names) == len({name.casefold() for name in names})


KEYS = st.recursive(
    st.dictionaries(NAMES, VALUES, max_size=4).filter(distinct),
    lambda below: (
        st.tuples(st.dictionaries(NAMES, VALUES, max_size=3), st.dictionaries(NAMES, below, max_size=3))
        .map(lambda parts: {**parts[0], **parts[1]})
        .filter(distinct)
    ),
    max_leaves=8,
)


def by_hivex(path):
    """What libhivex sees: the keys by their paths, with the values that it shows as text."""
    ran = subprocess.run(["hivexml", "-k", str(path)], capture_output=True, check=True)
    root = ET.fromstring(ran.stdout).find("node")
    found = {}

    def walk(node, path):
        found[path] = {value.get("key", ""): shown(value) for value in node.findall("value")}
        for below in node.findall("node"):
            walk(below, (*path, below.get("name")))

    walk(root, ())
    return found


def shown(value):
    if value.get("type") == "string-list":
        return [each.text for each in value.findall("string") if each.text]
    if value.get("encoding") == "base64":
        return base64.b64decode(value.get("value"))
    return int(value.get("value")) & 0xFFFFFFFF if value.get("type") == "int32" else value.get("value")


def by_us(hive):
    found = {}

    def walk(key, path):
        found[path] = {value.name: value.data for value in key.values()}
        for below in key.subkeys():
            walk(below, (*path, below.name))

    walk(hive.root, ())
    return found


@pytest.mark.many
@settings(max_examples=60, deadline=None)
@given(tree=KEYS, lists=st.sampled_from(["lf", "lh", "li", "ri"]))
def test_a_hive_is_read_as_libhivex_reads_it(tmp_path_factory, tree, lists):
    path = tmp_path_factory.mktemp("hive") / "hive"
    path.write_bytes(hives.hive(tree, lists))
    assert by_us(Hive(path.read_bytes(), "a hive")) == by_hivex(path)


def everything(data):
    """Look at all of a hive; how many keys and values it has."""
    hive, count, pending = Hive(data, "SOFTWARE of a volume"), 0, []
    pending.append(hive.root)
    while pending and count < 5000:
        key = pending.pop()
        count += 1 + sum(len(str(value.data)) >= 0 for value in key.values()) + (len(key.class_name) < 0)
        pending += key.subkeys()
    return count


def mutated(data, seed):
    """A hive in which a few numbers are others, or of which a part is gone."""
    chance, changed = random.Random(seed), bytearray(data)
    for unused in range(chance.randint(1, 6)):
        at = chance.choice([chance.randrange(0, 512), chance.randrange(4096, len(changed))]) & ~3
        value = chance.choice([0, 1, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, chance.getrandbits(32), chance.randrange(0, len(changed)) & ~7])
        struct.pack_into("<I", changed, at, value)
    return bytes(changed[: chance.randrange(600, len(changed))] if chance.random() < 0.1 else changed)


@pytest.mark.many
def test_300_damaged_hives_are_read_or_end_in_one_sentence():
    whole = systems.System().hives()[f"{systems.CONFIG}\\SAM"] + b""
    ended = 0
    for seed in range(300):
        data = mutated(whole if seed % 2 else hives.hive(TREE, "ri"), seed)
        try:
            everything(data)
        except Unreadable as problem:
            ended += 1
            sentence = str(problem)
            assert sentence.startswith("SOFTWARE of a volume is") and ": " in sentence and "\n" not in sentence
    assert 50 < ended < 300


def test_a_key_that_lies_in_itself_has_an_end():
    data = bytearray(hives.hive({"a": {"b": {}}}))
    hive = Hive(bytes(data), "h")
    root, inner = hive.header.root, hive.key("a")
    listed = 4096 + inner._list + 4
    struct.pack_into("<I", data, listed + 4, root)
    with pytest.raises(Unreadable, match="without an end"):
        key = Hive(bytes(data), "h").root
        while True:
            key = next(key.subkeys())


@pytest.mark.parametrize("data", [b"", b"regf", b"MZ" + bytes(8190), bytes(4096)])
def test_what_is_no_hive_is_said_to_be_none(data):
    with pytest.raises(Unreadable, match="C:.SAM is no registry hive"):
        Hive(data, "C:/SAM")
