# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""memmem(3) finds what ``bytes.find`` finds."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue import occurrences
from hypothesis import given
from hypothesis import strategies as st

BYTES = st.binary(max_size=60).map(lambda data: data.translate(bytes(number % 3 for number in range(256))))


def by_python(data, text, low, high):
    return [place for place in range(low, high) if data.startswith(text, place)]


@given(BYTES, st.binary(min_size=1, max_size=6).map(lambda text: bytes(number % 3 for number in text)), st.data())
def test_each_place_between_two_is_found(data, text, chosen):
    low = chosen.draw(st.integers(0, len(data)))
    high = chosen.draw(st.integers(low, len(data)))
    assert list(occurrences.occurrences(data, text, low, high)) == by_python(data, text, low, high)


@pytest.mark.parametrize("memmem", [occurrences._MEMMEM, None])
def test_a_c_library_without_it_is_no_obstacle(monkeypatch, memmem):
    monkeypatch.setattr(occurrences, "_MEMMEM", memmem)
    assert list(occurrences.occurrences(b"token token\0token", b"token", 1, 13)) == [6, 12]
