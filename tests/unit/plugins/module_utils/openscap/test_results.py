# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import io

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.results import records

RESULTS = """<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2">
<Rule id="r"><title>A  title <sub idref="v"/> on
two lines</title>
<reference href="https://www.cisecurity.org/benchmark/debian_linux/">5.1.20</reference>
<reference href="https://www.cisecurity.org/benchmark/debian_linux/">5.1.20</reference>
<reference href="https://www.cisecurity.org/controls/">16</reference></Rule>
<TestResult><rule-result idref="r" severity="{severity}"><result>{result}</result>
<message severity="info">permission
 denied</message>
<check system="http://oval.mitre.org/XMLSchema/oval-definitions-5"><check-content-ref name="oval:x:def:1" href="x"/></check></rule-result>
<rule-result idref="other"><result>notselected</result></rule-result></TestResult></Benchmark>"""


def found(result="pass", stage="live", severity="low", asks=()):
    text = RESULTS.format(result=result, severity=severity).encode()
    return records(io.BytesIO(text), stage, "oscap 1.3.7", lambda definition: list(asks) if definition == "oval:x:def:1" else [])


def test_a_rule_becomes_a_record_of_its_origin_and_one_that_is_not_selected_none():
    assert found() == [
        {
            "control": "openscap:r",
            "title": "A title on two lines",
            "severity": "low",
            "origin": "openscap",
            "status": "pass",
            "stage": "live",
            "expected": None,
            "observed": None,
            "read_from": "oscap 1.3.7",
            "message": "",
            "references": {"CIS benchmark": ["5.1.20"]},
        }
    ]


@pytest.mark.parametrize(
    ("result", "status", "message"),
    [
        ("pass", "pass", ""),
        ("fixed", "pass", "it failed at first, and oscap fixed it"),
        ("fail", "fail", "permission denied"),
        ("error", "error", "oscap could not carry the check out; permission denied"),
        ("unknown", "error", "oscap came to no result; permission denied"),
        ("notapplicable", "not_applicable", ""),
        ("notchecked", "not_checked", "oscap has no check for it that it can carry out"),
        ("informational", "not_checked", "it informs, and judges nothing"),
        ("something new", "error", "oscap came to no result; permission denied"),
    ],
)
def test_every_result_of_xccdf_has_its_status(result, status, message):
    assert [(record["status"], record["message"]) for record in found(result)] == [(status, message)]


@pytest.mark.parametrize("result", ["pass", "fail", "error", "unknown"])
def test_what_only_a_running_system_could_tell_is_not_checked_in_one_that_does_not_run(result):
    (record,) = found(result, "offline", asks=["mounts", "services"])
    assert (record["status"], record["message"]) == ("not_checked", "it asks for mounts and services, which only a running system has")
    assert found("pass", "live", asks=["mounts"])[0]["status"] == "pass"
    assert found("notapplicable", "offline", asks=["mounts"])[0]["status"] == "not_applicable"


@pytest.mark.parametrize(("severity", "known"), [("info", "low"), ("high", "high"), ("unknown", "medium"), ("odd", "medium")])
def test_a_rule_that_nobody_rated_is_of_medium_severity(severity, known):
    assert found(severity=severity)[0]["severity"] == known
