# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Foreign text that would move a cursor, hide or turn words round."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable, readable_throughout
from hypothesis import given, settings
from hypothesis import strategies as st

TEXT = st.text(st.characters(codec=None), max_size=20)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("Größe 10 µm, 日本", "Größe 10 µm, 日本"),
        ("10\N{NO-BREAK SPACE}km", "10\N{NO-BREAK SPACE}km"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x1b[31mred\x1b[0m\x07\x00\x7f\x9b", r"\x1b[31mred\x1b[0m\x07\x00\x7f\x9b"),
        ("user\u202egpj.exe\u200b\ufeff\u2066", r"user\u202egpj.exe\u200b\ufeff\u2066"),
        ("caf\udce9\u2028", r"caf\udce9\u2028"),
    ],
)
def test_what_a_terminal_would_obey_is_spelt_out(text, shown):
    assert readable(text) == shown


def test_lines_stay_where_they_are_wanted():
    assert readable("- a\n+\tb\r\n\x1b", lines=True) == "- a\n+\tb\\r\n\\x1b"


@settings(derandomize=True, deadline=None)
@given(TEXT)
def test_any_text_becomes_one_that_can_be_written_and_stays_so(text):
    shown = readable(text)
    assert readable(shown) == shown == "".join(shown.splitlines())
    assert shown.encode("utf-8").decode("utf-8") == shown


@settings(derandomize=True, deadline=None)
@given(
    st.recursive(
        TEXT | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
    )
)
def test_data_keeps_its_form(value):
    shown = readable_throughout(value)
    assert type(shown) is type(value) and readable_throughout(shown) == shown


def test_errors_about_images_quote_what_an_image_says():
    assert str(ImageError("the template has the backing file x\n\x1b[2J")) == r"the template has the backing file x\n\x1b[2J"
