# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.filter.failing import FilterModule as Failing
from ansible_collections.hygeia.golden.plugins.filter.records import FilterModule as Records
from ansible_collections.hygeia.golden.plugins.filter.score import FilterModule as Score
from ansible_collections.hygeia.golden.plugins.filter.settings import FilterModule as Settings

VALID = {"reason": "vendor", "approver": "ciso", "until": "2099-01-01", "expired": False}
CONTROL = {
    "id": "a-b",
    "title": "T",
    "severity": "high",
    "rationale": "Because.",
    "applies_to": {},
    "variants": {"rhel": {"sysctl": {"x": 2}}},
    "stages": ["live"],
    "settings": {"sysctl": {"x": 1}},
    "references": {},
    "area": "a",
    "waiver": None,
}
RESULT = {"control": "a-b", "status": "fail", "stage": "live", "expected": {}, "observed": {}, "read_from": "", "message": ""}


def call(plugin, *arguments, **keywords):
    (function,) = plugin().filters().values()
    return function(*arguments, **keywords)


def test_only_what_a_kind_needs_travels():
    travels = {name: CONTROL[name] for name in ("id", "settings", "variants", "applies_to", "stages")}
    assert call(Settings, [CONTROL]) == [travels]


@pytest.mark.parametrize(("waiver", "left"), [(None, 1), (VALID, 0), (dict(VALID, expired=True), 1)])
def test_what_a_waiver_covers_is_left_out_where_it_is_asked_for(waiver, left):
    control = dict(CONTROL, waiver=waiver)
    assert len(call(Settings, [control])) == 1
    assert len(call(Settings, [control], waived=False)) == left


def test_records_gate_and_score_work_together():
    records = call(Records, [RESULT], [CONTROL], "pacs-1")
    assert call(Failing, records) == records
    assert call(Score, records)["fail"] == 1


def test_a_severity_that_there_is_not_is_told():
    with pytest.raises(AnsibleFilterError, match="sever is no severity; use low, medium, high, critical"):
        call(Failing, [], "sever")
