# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.stretches import union, within, without
from hypothesis import given, settings
from hypothesis import strategies as st

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted).map(tuple), max_size=8)


def numbers(ranges):
    return {number for start, end in ranges for number in range(start, end)}


@settings(derandomize=True, max_examples=200)
@given(RANGES, st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted).map(tuple))
def test_they_are_sets_of_bytes(ranges, whole):
    joined = union(ranges)
    assert numbers(joined) == numbers(ranges)
    assert all(first[1] < second[0] for first, second in zip(joined, joined[1:]))
    assert numbers(without(whole, ranges)) == numbers([whole]) - numbers(ranges)


def test_what_reaches_out_of_a_partition_is_refused():
    assert within([(0, 8)], 8) == [(0, 8)]
    for wrong in ((0, 9), (-1, 2), (5, 4)):
        with pytest.raises(ValueError, match="it claims the bytes"):
            within([wrong], 8)
