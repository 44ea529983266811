# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Long lists as one text, which every filter and action takes like the list."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.filter.failing import failing
from ansible_collections.hygeia.golden.plugins.filter.not_booted import not_booted
from ansible_collections.hygeia.golden.plugins.filter.records import records
from ansible_collections.hygeia.golden.plugins.filter.score import score
from ansible_collections.hygeia.golden.plugins.filter.settings import settings
from ansible_collections.hygeia.golden.plugins.filter.verdict import verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils import packed
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

CONTROLS = [{**control, "waiver": None} for control in Catalogue().resolve("hipaa", [], {}, [], [])]
RESULTS = [
    {
        "control": control["id"],
        "status": "fail" if number % 3 else "pass",
        "stage": "offline",
        "expected": {"sysctl: a": number},
        "observed": {"sysctl: a": "é\u2028\x00"},
        "read_from": "/etc/a",
        "message": "",
    }
    for number, control in enumerate(CONTROLS)
]


def test_a_list_comes_back_as_it_was():
    (text,) = packed.packed(CONTROLS)
    assert len(text) * 4 < len(str(CONTROLS))
    assert packed.entries([text]) == CONTROLS
    assert packed.packed([]) == []


def test_texts_and_entries_are_joined_with_plus():
    assert packed.entries(packed.packed(CONTROLS[:2]) + CONTROLS[2:4] + packed.packed(CONTROLS[4:])) == CONTROLS


@pytest.mark.parametrize("value", [[], [1, "a"], "text", {"a": 1}, None, packed.PREFIX])
def test_everything_else_stays_as_it_is(value):
    assert packed.entries(value) == value
    assert not packed.is_packed(value)


@pytest.mark.parametrize("change", [lambda text: text[:-20], lambda text: packed.PREFIX + "!", lambda text: packed.PREFIX])
def test_a_damaged_text_is_one_sentence(change):
    with pytest.raises(ValueError, match="a packed list is damaged"):
        packed.entries([change(packed.packed(CONTROLS)[0])])


def test_filters_answer_in_the_form_in_which_they_were_asked():
    packed_controls, packed_results = packed.packed(CONTROLS), packed.packed(RESULTS)
    final = records(RESULTS, CONTROLS, "web")
    packed_final = records(packed_results, packed_controls, "web")
    assert len(packed_final) == 1
    assert packed.entries(packed_final) == final
    for function, value in ((settings, CONTROLS), (not_booted, CONTROLS), (failing, final)):
        assert packed.is_packed(function(packed.packed(value)))
        assert packed.entries(function(packed.packed(value))) == function(value)
    assert (score(packed_final), verdict(packed_final)) == (score(final), verdict(final))
