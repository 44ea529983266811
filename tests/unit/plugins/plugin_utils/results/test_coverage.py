# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.coverage import STATES, coverage

RULE = {
    "id": "rule",
    "title": "The Rule",
    "source": "A book",
    "citations": {
        "1.2": {"title": "Accounts", "label": "required", "shows": "that accounts end"},
        "1.10": {"title": "Records", "label": "addressable"},
        "2.1": {"title": "Contracts", "label": "required", "out_of_reach": "contracts cannot be read from a host"},
    },
}


def record(status, control="a-b", citations=("1.2",), **known):
    return {
        "control": control,
        "title": f"Title of {control}",
        "severity": "high",
        "status": status,
        "origin": "hygeia.golden",
        "references": {"rule": list(citations), "other": ["9"]},
        **known,
    }


def row(found, citation):
    return next(row for row in found["citations"] if row["citation"] == citation)


@pytest.mark.parametrize(
    ("statuses", "state", "reason"),
    [
        (["pass"], "proven", "of 1 control, 1 passed"),
        (["pass", "not_checked"], "proven", "of 2 controls, 1 passed, 1 could not be checked"),
        (["pass", "not_applicable"], "proven", "of 2 controls, 1 passed, 1 does not apply here"),
        (["pass", "waived"], "waived", "of 2 controls, 1 passed, 1 failed under a waiver"),
        (["pass", "waived", "fail"], "failing", "of 3 controls, 1 passed, 1 failed, 1 failed under a waiver"),
        (["pass", "error"], "failing", "of 2 controls, 1 passed, 1 could not be read"),
        (["not_checked", "waived"], "waived", "of 2 controls, 1 failed under a waiver, 1 could not be checked"),
        (["not_checked"], "not_checked", "of 1 control, 1 could not be checked"),
        (["not_applicable", "not_applicable"], "not_checked", "of 2 controls, 2 do not apply here"),
        ([], "not_served", "no control of the profile cites it"),
    ],
)
def test_the_worst_of_its_controls_decides_the_state_of_a_citation(statuses, state, reason):
    records = [record(status, f"a-{number}") for number, status in enumerate(statuses)]
    found = row(coverage(records, RULE), "1.2")
    assert (found["state"], found["reason"]) == (state, reason)
    assert [control["status"] for control in found["controls"]] == statuses


def test_the_stages_of_a_control_count_as_one():
    records = [record("not_checked"), record("pass")]
    assert row(coverage(records, RULE), "1.2")["counts"]["pass"] == 1
    assert row(coverage(records + [record("fail")], RULE), "1.2")["state"] == "failing"


def test_a_citation_out_of_reach_says_why_and_is_never_claimed():
    found = row(coverage([record("pass", citations=["2.1"])], RULE), "2.1")
    assert (found["state"], found["reason"]) == ("out_of_reach", "contracts cannot be read from a host")


def test_every_citation_has_a_row_in_the_order_of_the_framework_and_others_in_their_own():
    found = coverage([record("pass", citations=["7.10", "7.9", "1.10"])], RULE)
    assert [row["citation"] for row in found["citations"]] == ["1.2", "1.10", "2.1", "7.9", "7.10"]
    assert row(found, "1.2")["shows"] == "that accounts end"


def test_a_control_of_the_profile_that_nobody_looked_at_is_not_checked():
    controls = [{"id": "x-y", "title": "X", "severity": "low", "references": {"rule": ["1.2"]}}]
    assert row(coverage([], RULE, controls), "1.2")["state"] == "not_checked"
    assert row(coverage([record("pass", "x-y")], RULE, controls), "1.2")["state"] == "proven"


def test_what_a_scanner_found_proves_nothing_and_fails_nothing():
    records = [record("pass"), record("fail", "openscap:x", origin="openscap")]
    assert row(coverage(records, RULE), "1.2")["state"] == "proven"
    assert row(coverage(records[1:], RULE), "1.2")["state"] == "not_served"


def test_the_figures_count_every_citation_once_and_say_so():
    found = coverage([record("pass"), record("fail", "c-d", ["1.10"])], RULE)
    assert sum(found["counts"].values()) == 3 and set(found["counts"]) == set(STATES)
    assert found["text"] == (
        "The Rule: of 2 citations that controls serve, 1 proven, 1 with a control that fails; 1 out of a system's reach."
    )
    assert (
        coverage([], RULE)["text"]
        == "The Rule: of 0 citations that controls serve, none proven; 2 served by no control and 1 out of a system's reach."
    )
