# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from datetime import date

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def types(value):
    if isinstance(value, dict):
        return {type(key) for key in value} | {kind for item in value.values() for kind in types(item)}
    return {kind for item in value for kind in types(item)} if isinstance(value, list) else {type(value)}


@pytest.mark.parametrize("text", ["{a: x, b: [1, 2.5, true, null, ''], c: 2026-01-01}"])
def test_nothing_of_ansible_stays(text):
    found = to_native(DataLoader().load(text, "/file.yml"))
    assert found == {"a": "x", "b": [1, 2.5, True, None, ""], "c": "2026-01-01"}
    assert types(found) == {str, int, float, bool, type(None)}


def test_a_tuple_becomes_a_list_and_a_day_a_text():
    assert to_native((1, date(2026, 6, 30))) == [1, "2026-06-30"]
