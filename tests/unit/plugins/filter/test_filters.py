# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.filter.coverage import FilterModule as Coverage
from ansible_collections.hygeia.golden.plugins.filter.failing import FilterModule as Failing
from ansible_collections.hygeia.golden.plugins.filter.patch_plan import FilterModule as PatchPlan
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


def test_coverage_knows_the_frameworks_of_the_collection_and_of_the_site(tmp_path):
    controls = [dict(CONTROL, references={"hipaa": ["164.312(b)"], "house": ["H-1"]})]
    records = call(Records, [dict(RESULT, status="pass")], controls, "pacs-1")
    rows = {row["citation"]: row["state"] for row in call(Coverage, records, "hipaa", controls)["citations"]}
    assert (rows["164.312(b)"], rows["164.312(d)"], rows["164.308(a)(2)"]) == ("proven", "not_served", "out_of_reach")
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "frameworks/house.yml").write_text("{id: house, title: House rules, source: Intranet, pattern: '^H-'}", encoding="utf-8")
    found = call(Coverage, records, "house", policy=[str(tmp_path)])
    assert [(row["citation"], row["state"]) for row in found["citations"]] == [("H-1", "proven")]


def test_a_framework_that_there_is_not_is_reported():
    with pytest.raises(AnsibleFilterError, match="there is no framework hippa; use cis_debian12, .*hipaa"):
        call(Coverage, [], "hippa")


def test_a_severity_that_there_is_not_is_reported():
    with pytest.raises(AnsibleFilterError, match="sever is not a valid severity; choose one of low, medium, high, critical"):
        call(Failing, [], "sever")


def test_a_patch_plan_has_the_same_fields_with_and_without_an_answer():
    answer = {"system": {"id": "debian"}, "pending": [{"package": "ssh"}], "closed": [{"id": "CVE-2026-1"}], "changed": False}
    plan = call(PatchPlan, answer, "web-1", "2026-12-10", "internal", "clinical", records=[RESULT])
    none = call(PatchPlan, {}, "web-1", "2026-12-10", problem="It could not be reached.")
    assert list(plan) == list(none)
    assert (plan["closed"], plan["pending"], plan["problem"], plan["records"]) == (answer["closed"], answer["pending"], "", [RESULT])
    assert (none["system"], none["closed"], none["problem"]) == ({}, [], "It could not be reached.")
