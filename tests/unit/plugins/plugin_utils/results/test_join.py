# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import failing, joined, verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.score import score

VALID = {"reason": "vendor", "approver": "ciso", "until": "2099-01-01", "expired": False}
EXPIRED = dict(VALID, until="2020-01-01", expired=True)


def record(status="fail", waiver=None, message="x is 1", severity="high", control="a-b", stage="offline", level=1, **known):
    control = {"id": control, "title": "T", "severity": severity, "level": level, "waiver": waiver, "references": {"hipaa": ["164.312(b)"]}}
    found = {**result.record(control["id"], status, stage, {"x": 0}, {"x": 1}, "/x:1", message), **known}
    return joined([found], [control], "pacs-1")[0]


def test_a_record_is_what_was_found_and_what_is_known():
    assert record() == {
        "control": "a-b",
        "title": "T",
        "severity": "high",
        "level": 1,
        "origin": "hygeia.golden",
        "host": "pacs-1",
        "stage": "offline",
        "status": "fail",
        "expected": {"x": 0},
        "observed": {"x": 1},
        "read_from": "/x:1",
        "message": "x is 1",
        "waiver": None,
        "references": {"hipaa": ["164.312(b)"]},
    }


@pytest.mark.parametrize("status", result.STATUSES[:-1])
def test_a_waiver_turns_a_failure_into_waived_and_nothing_else(status):
    assert record(status, VALID)["status"] == ("waived" if status == "fail" else status)


def test_a_waiver_that_has_ended_leaves_the_failure_and_says_so():
    found = record("fail", EXPIRED)
    assert (found["status"], found["message"]) == ("fail", "x is 1; the waiver by ciso ended on 2020-01-01")
    assert record("fail", EXPIRED, message="")["message"] == "the waiver by ciso ended on 2020-01-01"
    assert record("pass", EXPIRED)["message"] == "x is 1"


def test_a_check_that_is_no_control_brings_its_own_title_and_origin():
    found = dict(result.record("boot-units", "fail", "boot"), title="No unit failed", severity="critical", origin="openscap")
    made = joined([found], [], "pacs-1")[0]
    assert (made["title"], made["level"], made["origin"]) == ("No unit failed", None, "openscap")


CHECKS = [
    {"id": "segment-in-*", "title": "Nothing comes in from *", "severity": "high", "waiver": None, "references": {"hipaa": ["164.312(b)"]}},
    {"id": "segment-in-guest", "title": "No guest comes in", "severity": "low", "waiver": VALID, "references": {}},
]


@pytest.mark.parametrize(
    "name, title, status", [("segment-in-ward", "Nothing comes in from ward", "fail"), ("segment-in-guest", "No guest comes in", "waived")]
)
def test_the_most_exact_check_is_joined(name, title, status):
    (made,) = joined([result.record(name, "fail", "live")], CHECKS, "pacs-1")
    assert (made["control"], made["title"], made["status"], made["level"]) == (name, title, status, None)


def test_a_title_that_a_result_brings_says_more_than_its_check():
    (made,) = joined([dict(result.record("segment-in-ward", "pass", "live"), title="Three flows come in")], CHECKS, "pacs-1")
    assert (made["title"], made["severity"], made["references"]) == ("Three flows come in", "high", {"hipaa": ["164.312(b)"]})


def test_a_result_that_nothing_is_known_of_is_reported():
    with pytest.raises(ValueError, match="there is no control and no check segment-aut-ward; hand over the list that has it"):
        joined([result.record("segment-aut-ward", "pass", "live")], CHECKS, "pacs-1")


def test_what_a_scanner_found_counts_where_somebody_says_so():
    records = [record("pass", control="a"), record("fail", control="openscap:x", origin="openscap")]
    assert (score(records)["controls"], score(records)["fail"]) == (1, 0)
    assert failing(records, "low") == []
    assert failing(records, "low", ["hygeia.golden", "openscap"]) == records[1:]


@pytest.mark.parametrize(
    ("severity", "controls"), [("low", ["low", "medium", "high", "critical"]), ("high", ["high", "critical"]), ("critical", ["critical"])]
)
def test_the_gate_looks_at_its_severity_and_above(severity, controls):
    records = [record(control=name, severity=name) for name in ("low", "medium", "high", "critical")]
    assert [found["control"] for found in failing(records, severity)] == controls


def test_the_gate_stops_errors_and_ended_waivers_and_nothing_else():
    records = [record(status, control=status) for status in result.STATUSES[:-1]]
    records += [record("fail", VALID, control="covered"), record("fail", EXPIRED, control="ended")]
    assert [found["control"] for found in failing(records, "high")] == ["fail", "error", "ended"]


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (["pass", "fail"], "fail"),
        (["error", "fail"], "error"),
        (["pass", "waived"], "waived"),
        (["not_checked", "pass"], "pass"),
        (["not_checked", "not_applicable"], "not_checked"),
    ],
)
def test_stages_say_together_what_is_worst(statuses, said):
    assert verdict([record(status) if status != "waived" else record("fail", VALID) for status in statuses]) == said


def test_the_score_counts_each_control_once_and_says_what_it_counts():
    records = [record("pass", control="a"), record("pass", control="a", stage="boot"), record("pass", control="b")]
    records += [record("not_applicable", control="c"), record("not_checked", control="d"), record("fail", control="e")]
    records += [record("pass", control="e", stage="boot")]
    found = score(records)
    assert (found["controls"], found["applicable"], found["pass"], found["fail"], found["percent"]) == (5, 4, 2, 1, 50)
    assert found["text"] == "2 of 4 applicable controls passed, 1 failed, 1 could not be checked; 1 more do not apply here."


def test_the_score_never_rounds_up_to_all():
    records = [record("pass", control=str(number)) for number in range(999)] + [record("fail", control="last")]
    assert score(records)["percent"] == 99


def test_the_score_of_nothing_is_no_score():
    assert score([])["percent"] is None


def test_the_score_tells_severities_levels_and_areas_apart():
    records = [
        record("pass", control="ssh-a", severity="low"),
        record("fail", control="ssh-b", severity="critical", level=2),
        record("pass", control="audit-a", severity="low", level=None),
    ]
    found = score(records)

    def counts(name):
        return {group: (figures["controls"], figures["pass"], figures["percent"]) for group, figures in found[name].items()}

    assert list(found["by_severity"]) == ["critical", "low"]
    assert counts("by_severity") == {"critical": (1, 0, 0), "low": (2, 2, 100)}
    assert counts("by_level") == {"1": (1, 1, 100), "2": (1, 0, 0)}
    assert counts("by_area") == {"ssh": (2, 1, 50), "audit": (1, 1, 100)}
    assert "not a percentage of compliance" in found["meaning"]
