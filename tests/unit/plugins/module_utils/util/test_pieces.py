# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bytes in pieces, and pieces that are none."""

from __future__ import annotations

import base64
import zlib

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.util import pieces
from hypothesis import given
from hypothesis import strategies as st


@given(st.binary())
def test_what_was_packed_is_unpacked(content):
    assert pieces.unpacked(pieces.packed(content), len(content) + 1) == content


def test_a_long_content_has_several_pieces():
    content = bytes(number * 7919 % 251 for number in range(1000)) * 10 + zlib.compress(bytes(range(256)))
    many = pieces.packed(b"".join(zlib.crc32(str(number).encode()).to_bytes(4, "big") for number in range(400_000)))
    assert len(many) > 1 and max(map(len, many)) <= 1 << 20 and pieces.unpacked(pieces.packed(content), 1 << 20) == content


@pytest.mark.parametrize("damaged", [["x"], ["====="], [""], ["é"], [base64.b64encode(zlib.compress(b"a" * 999)[:-3]).decode()], [1]])
def test_what_is_damaged_is_refused(damaged):
    with pytest.raises(pieces.Damaged):
        pieces.unpacked(damaged, 1 << 20)


def test_what_grows_too_large_is_refused():
    with pytest.raises(pieces.Damaged, match="larger than 1 MiB"):
        pieces.unpacked(pieces.packed(b"a" * (2 << 20)), 1 << 20)
