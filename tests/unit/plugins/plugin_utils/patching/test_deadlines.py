# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import copy
import os

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.filter.deadlines import deadlines
from ansible_collections.hygeia.golden.plugins.filter.patch_records import patch_records
from ansible_collections.hygeia.golden.plugins.filter.patch_report import patch_report
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.document import document
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE, Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.checks import covered
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import joined

TODAY = "2026-11-22"
with open(os.path.join(BASELINE, "../../patch/defaults/main.yml"), encoding="utf-8") as _stream:
    POLICY = yaml.safe_load(_stream)["patch_deadlines"]
FEEDS = [{"name": "tracker.json", "kind": "debian_tracker", "sha256": "ab" * 32, "date": TODAY, "dated_by": "file", "entries": 9}]


def vulnerability(**more):
    return {
        "id": "CVE-2026-1001",
        "package": "openssl",
        "installed": "1",
        "packages": ["openssl"],
        "severity": "high",
        "kev": False,
        "kev_added": None,
        "epss": None,
        "fixed": "2",
        "fix_available": "2026-11-01",
        "published": None,
        "identified": "2026-11-05",
        "advisories": [],
        "closed_by_update": True,
        "state": "fixable",
        "reason": "It is.",
        "feeds": ["debian_tracker"],
        **more,
    }


def dated(policy=None, waivers=(), host="web-1", today=TODAY, exposure="internal", criticality="clinical", **more):
    return deadlines([vulnerability(**more)], policy or POLICY, waivers, host, today, exposure, criticality)[0]


@pytest.mark.parametrize(
    "more, due, rule",
    [
        ({}, "2026-12-05", "high"),
        ({"severity": "critical"}, "2026-11-20", "critical"),
        ({"severity": "unknown"}, "2026-12-05", "not rated"),
        ({"severity": "low"}, "2027-05-04", "low"),
        ({"severity": "low", "kev": True}, "2026-11-20", "known to be exploited"),
        ({"severity": "low", "kev": True, "exposure": "internet"}, "2026-11-08", "known to be exploited and reachable from the internet"),
        ({"criticality": "life"}, "2026-11-20", "high where life depends on it"),
        ({"severity": "medium", "criticality": "life"}, "2027-02-03", "medium"),
    ],
)
def test_the_strictest_rule_that_fits_counts(more, due, rule):
    entry = dated(**more)
    assert (entry["due"], entry["rule"], entry["clock_started"]) == (due, rule, "2026-11-05")


def test_the_clock_starts_on_the_later_day():
    assert dated(fix_available="2026-11-15")["clock_started"] == "2026-11-15"
    assert dated(fix_available=None)["clock_started"] == "2026-11-05"


@pytest.mark.parametrize(
    "today, status, left", [("2026-11-29", "on_time", 6), ("2026-11-30", "due", 5), ("2026-12-05", "due", 0), ("2026-12-06", "overdue", -1)]
)
def test_the_day_of_the_deadline_is_still_in_time(today, status, left):
    entry = dated(today=today)
    assert (entry["status"], entry["days_left"]) == (status, left)


def test_what_has_no_fix_has_no_deadline_and_what_is_held_has_one():
    entry = dated(state="no_fix", fixed=None, fix_available=None, today="2030-01-01")
    assert (entry["status"], entry["due"], entry["days_left"], entry["clock_started"]) == ("no_fix", None, None, None)
    assert dated(state="held", today="2030-01-01")["status"] == "overdue"


def test_a_rule_may_set_no_deadline_and_epss_may_set_one():
    policy = {"rules": [{"name": "none", "days": None}, {"name": "likely", "epss": 0.5, "days": 1}]}
    assert (dated(policy)["status"], dated(policy)["due"], dated(policy)["rule"]) == ("on_time", None, "none")
    assert (dated(policy, epss=0.5)["rule"], dated(policy, epss=0.49)["rule"]) == ("likely", "none")


def _waiver(**more):
    return {
        "control": "patch-open-CVE-2026-1001",
        "hosts": "web-*",
        "reason": "Replaced soon",
        "approver": "CISO",
        "until": "2027-01-01",
        **more,
    }


@pytest.mark.parametrize(
    "waiver, status",
    [
        ({}, "waived"),
        ({"control": "patch-open-*"}, "waived"),
        ({"control": "patch-open-CVE-2026-9"}, "overdue"),
        ({"hosts": "db-*"}, "overdue"),
        ({"until": "2026-12-09"}, "overdue"),
        ({"until": "2026-12-10"}, "waived"),
    ],
)
def test_a_waiver_holds_for_its_vulnerability_its_hosts_and_until_its_day(waiver, status):
    assert dated(waivers=[_waiver(**waiver)], today="2026-12-10")["status"] == status


@pytest.mark.parametrize(
    "change, error",
    [
        ({"rules": []}, "there are no rules"),
        ({"rules": POLICY["rules"][1:]}, "none is for every vulnerability of severity critical"),
        ({"rules": [*POLICY["rules"], {"name": "x", "days": -1}]}, "number 9: days: -1 is not a number of days"),
        ({"rules": [*POLICY["rules"], {"name": "x", "days": 10**12}]}, "number 9: days: 1000000000000 is not a number of days"),
        ({"rules": [*POLICY["rules"], {"name": "x", "days": 1, "epss": "high"}]}, "number 9: epss: 'high' is not a probability"),
        ({"rules": [*POLICY["rules"], {"name": "x", "days": 1, "severity": 3}]}, "number 9: severity: 3 is not a name"),
        ({"rules": ["x"]}, "each is a mapping"),
        ({"rules": [*POLICY["rules"], {"name": "x", "days": 1, "cvss": 9}]}, "there is no field cvss; use name, severity"),
        ({"rules": [*POLICY["rules"], {"name": "x", "days": 1, "severity": "grave"}]}, "severity: there is no grave; use unknown, low"),
        ({"rules": [*POLICY["rules"], {"days": 1}]}, "it has no name; add it"),
        (
            {"rules": [*POLICY["rules"], {"name": "x", "days": 1, "exposure": "moon"}]},
            "exposure: there is no moon; use isolated, internal, internet",
        ),
    ],
)
def test_mistakes_of_a_policy_are_reported(change, error):
    with pytest.raises(AnsibleFilterError, match=error):
        dated({**POLICY, **change})


def test_a_host_is_only_what_the_policy_knows():
    with pytest.raises(AnsibleFilterError, match="patch_exposure: outside is none that the policy of deadlines knows; use isolated"):
        dated(exposure="outside")


# -- records ----------------------------------------------------------------------------


def _records(vulnerabilities, waivers=(), feeds=None, problem="", today="2026-12-10"):
    """The final records by their checks, with the waivers of a catalogue as a play has them."""
    catalogue = copy.copy(Catalogue())
    catalogue.waivers = list(waivers)
    checks = covered(catalogue, "web-1", today)
    found = deadlines(vulnerabilities, POLICY, checks, "web-1", today, "internal", "clinical")
    bare = patch_records(found, FEEDS if feeds is None else feeds, "offline", problem)
    return {record["control"]: record for record in joined(bare, checks, "web-1")}


def _statuses(*arguments, **more):
    return {name: record["status"] for name, record in _records(*arguments, **more).items()}


def test_nothing_open_passes_and_says_by_which_feeds():
    records = _records([])
    assert {name: record["status"] for name, record in records.items()} == {
        "patch-feeds": "pass",
        "patch-overdue": "pass",
        "patch-known-exploited": "pass",
    }
    assert records["patch-feeds"]["observed"] == {"tracker.json": "of 2026-11-22, 9 entries"}


def test_what_is_overdue_fails_by_name():
    record = _records([vulnerability(), vulnerability(id="CVE-2026-2", identified="2026-12-01")])["patch-overdue"]
    assert (record["status"], record["severity"], record["stage"]) == ("fail", "high", "offline")
    assert record["message"] == "CVE-2026-1001 in openssl: install the fix, or waive it as patch-open-ID"
    assert record["references"]["hipaa"] == ["164.308(a)(1)(ii)(B)"]


def test_what_is_exploited_and_has_a_fix_fails_at_once():
    assert _statuses([vulnerability(kev=True, identified="2026-12-10")])["patch-known-exploited"] == "fail"
    assert _statuses([vulnerability(kev=True, state="no_fix", fixed=None)])["patch-known-exploited"] == "pass"


def test_a_waiver_takes_one_vulnerability_out_and_shows_it():
    waived = _records([vulnerability(kev=True)], [_waiver()])
    assert {name: record["status"] for name, record in waived.items()} == {
        "patch-feeds": "pass",
        "patch-overdue": "pass",
        "patch-known-exploited": "pass",
        "patch-open-CVE-2026-1001": "waived",
    }
    assert waived["patch-open-CVE-2026-1001"]["title"] == "CVE-2026-1001 is closed within the site's deadline, or its risk is accepted"
    ended = _records([vulnerability()], [_waiver(until="2026-12-09")])["patch-open-CVE-2026-1001"]
    assert ended["status"] == "fail" and "the waiver by CISO ended on 2026-12-09" in ended["message"]


def test_without_feeds_nothing_passes():
    assert _statuses([], feeds=[]) == dict.fromkeys(("patch-feeds", "patch-overdue", "patch-known-exploited"), "not_checked")
    records = _records([], feeds=[], problem="the feed x is missing")
    assert [record["status"] for record in records.values()] == ["error", "not_checked", "not_checked"]
    assert records["patch-feeds"]["message"] == "the feed x is missing"


# -- the report -------------------------------------------------------------------------


def _plan(host, vulnerabilities=(), feeds=tuple(FEEDS), problem=""):
    found = deadlines(list(vulnerabilities), POLICY, [], host, "2026-12-10", "internal", "clinical")
    return document({"vulnerabilities": found, "feeds": list(feeds)}, host, "2026-12-10", "internal", "clinical", problem)


def test_the_report_has_every_finding_of_every_host():
    plans = [
        _plan("web-1", [vulnerability()]),
        _plan("db-1", [vulnerability(), vulnerability(id="CVE-2026-2", state="no_fix", fixed=None)]),
    ]
    page = patch_report(plans)
    assert "2 of 3 findings are past the site&#39;s deadline" in page or "2 of 3 findings are past the site's deadline" in page
    assert page.count("<code>CVE-2026-1001</code>") == 2 and page.count("<circle") == 3
    assert "CVE-2026-1001: open for 35 days, overdue, 5 days past the deadline" in page
    assert "<script" not in page and "http" not in page


def test_a_report_never_calls_clean_what_is_not_known():
    assert "Nothing is past" in patch_report([_plan("web-1")])
    for plan in (_plan("web-1", feeds=()), _plan("web-1", problem="no feed")):
        page = patch_report([plan, _plan("db-1")])
        assert "Nothing is past" not in page and "not known" in page
    assert "Nothing is past" not in patch_report([])


@pytest.mark.parametrize(
    ("plans", "headline"),
    [
        ([_plan("web-1", problem="no feed"), _plan("db-1", problem="no disk")], "Nothing could be planned: what is open is not known"),
        ([], "Nothing could be planned: what is open is not known"),
        ([_plan("web-1", feeds=()), _plan("db-1", problem="x")], "No feed was read: open vulnerabilities are unknown"),
        (
            [_plan("web-1", [vulnerability()]), _plan("db-1", problem="x")],
            "At least 1 open vulnerability; of 1 of 2 hosts and templates nothing is known",
        ),
        ([_plan("web-1")], "1 host, 0 open vulnerabilities"),
    ],
)
def test_the_largest_words_are_true(plans, headline):
    page = patch_report(plans)
    assert f"<h1>{headline}</h1>" in page
    unknown = headline.startswith(("Nothing", "No "))
    assert unknown is not ("0</b>" in page) and not (unknown and "0 open" in page)


def test_what_a_feed_says_is_escaped():
    page = patch_report([_plan("web-1", [vulnerability(reason="<b>now</b>", id="<b>")])])
    assert "<b>" not in page.partition('<h2 id="findings">')[2].replace("<b>High</b>", "")
