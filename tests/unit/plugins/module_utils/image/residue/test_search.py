# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import search
from hypothesis import given, settings
from hypothesis import strategies as st

PATTERNS = st.lists(st.binary(min_size=31, max_size=90), min_size=1, max_size=5, unique=True)


def searched(tmp_path, data, patterns):
    path = tmp_path / "disk"
    path.write_bytes(data)
    handle = os.open(path, os.O_RDONLY)
    try:
        return search.search(handle, patterns)
    finally:
        os.close(handle)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(PATTERNS, st.data())
def test_each_place_is_found_wherever_it_lies(tmp_path_factory, patterns, draw):
    """Against bytes.find, with chunks so small that most patterns lie across their borders."""
    data = bytearray(draw.draw(st.binary(min_size=0, max_size=700)))
    for pattern in draw.draw(st.lists(st.sampled_from(patterns), max_size=4)):
        place = draw.draw(st.integers(0, len(data)))
        data[place:place] = pattern
    data = bytes(data)
    expected = sorted(
        (place, pattern) for pattern in patterns for place in range(len(data) - len(pattern) + 1) if data[place:].startswith(pattern)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "CHUNK", 128)
        assert searched(tmp_path_factory.mktemp("search"), data, patterns) == expected


def test_a_hole_is_not_read(tmp_path):
    path = tmp_path / "sparse"
    with open(path, "wb") as stream:
        stream.truncate(1 << 40)
        stream.seek(1 << 39)
        stream.write(b"p" * 31)
    handle = os.open(path, os.O_RDONLY)
    assert search.search(handle, [b"p" * 31]) == [(1 << 39, b"p" * 31)]
    os.close(handle)


def test_a_pattern_that_could_be_there_by_chance_is_refused(tmp_path):
    with pytest.raises(ValueError, match="needs 31 bytes at least"):
        searched(tmp_path, b"", [b"short"])
    assert searched(tmp_path, b"x", []) == []
