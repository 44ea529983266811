# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from hypothesis import given, settings
from hypothesis import strategies as st

EQUALS = r"[ \t]*=[ \t]*"
TEXTS = st.text(st.sampled_from("ab=# \t\r\n\x0c\u2028\udce4"), max_size=60)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(text=TEXTS)
def test_an_edit_leaves_every_other_line_byte_for_byte(text):
    edited = logical_lines.put(text, "a", "a = 1", EQUALS)
    assert [value for unused_number, value in logical_lines.active(edited, "a", EQUALS)] == ["1"]
    numbers = [number for number, unused_value in logical_lines.active(text, "a", EQUALS)]
    if numbers:
        kept = [line for number, line in enumerate(text.split("\n"), 1) if number not in numbers]
        place = numbers[0] - 1
        after = edited.split("\n")
        assert after[:place] + after[place + 1 :] == kept
        assert after[place].endswith("\r") == text.split("\n")[place].endswith("\r")


def test_a_line_is_added_in_the_manner_of_the_others():
    assert logical_lines.appended("a\r\nb", "c") == "a\r\nb\r\nc\r\n"
    assert logical_lines.appended("", "c") == "c\n"


def test_what_is_dropped_stays_as_a_comment_with_its_end():
    assert logical_lines.drop("a = 1\r\nb = 2\r\n a = 3", "a", EQUALS) == "# a = 1\r\nb = 2\r\n#  a = 3"
