# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.openscap import scan
from ansible_collections.hygeia.golden.plugins.modules import openscap_info

SMALL = str(Path(__file__).parents[3] / "system/openscap/small-ds.xml")
RESULTS = (
    """<TestResult xmlns="http://checklists.nist.gov/xccdf/1.2"><rule-result idref="r"><result>fail</result></rule-result></TestResult>"""
)


def test_it_returns_results_that_say_where_they_are_from(run_module, monkeypatch):
    monkeypatch.setattr(scan, "program", lambda: "/bin/false")
    monkeypatch.setattr(scan, "version", lambda unused_oscap: "1.3.7")
    monkeypatch.setattr(scan, "live", lambda *arguments: arguments[-1].write(RESULTS.encode()))
    result = run_module(openscap_info, {"datastream": SMALL, "profile": "small"})
    assert (result["changed"], result["profile"]) == (False, "xccdf_org.hygeia_profile_small")
    assert [(found["status"], found["read_from"]) for found in result["results"]] == [("fail", "oscap 1.3.7, small-ds.xml, small")]


def test_a_problem_is_one_sentence(run_module, monkeypatch):
    monkeypatch.setattr(scan, "program", lambda: "/bin/false")
    message = run_module(openscap_info, {"datastream": "/no/such.xml", "profile": "small"})["msg"]
    assert message == "OpenSCAP found nothing: there is no data stream /no/such.xml where oscap runs: copy it there, or correct the path."
