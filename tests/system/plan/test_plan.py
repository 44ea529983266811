# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbook on a real Debian whose security updates wait, with feeds that are made for the packages that have them."""

from __future__ import annotations

import subprocess
from datetime import datetime, timezone

import pytest

TODAY = datetime.now(timezone.utc).date().isoformat()
HOSTS = ("first", "second", "third")


@pytest.fixture(scope="module")
def waiting(site):
    """The plan before there are feeds; the lists are fetched by it. One package is held."""
    done, [plan] = site.plan("first", plan_patches_refresh=True)
    assert done.returncode == 0
    held = next(
        update["package"]
        for update in plan["pending"]
        if update["security"] and not update["package"].startswith("linux-") and update["from"]
    )
    subprocess.run(["chroot", site.root, "apt-mark", "hold", held], check=True, capture_output=True)
    return plan, held


def _tracked(version):
    state = {"status": "resolved" if version else "open", "repositories": {"bookworm": version}, "urgency": "not yet assigned"}
    return {"releases": {"bookworm": {**state, **({"fixed_version": version} if version else {})}}}


@pytest.fixture(scope="module")
def planned(site, waiting):
    """The plans of several hosts that share feeds: a vulnerability for each source that has a security update, and one without a fix."""
    plan, unused_held = waiting
    sources = {update["source_package"]: update["source_version"] for update in plan["pending"] if update["security"]}
    tracker = {source: {f"CVE-2026-{number}": _tracked(version)} for number, (source, version) in enumerate(sorted(sources.items()), 10000)}
    tracker["bash"] = {"CVE-2026-9999": _tracked(None)}
    kev = {"dateReleased": f"{TODAY}T00:00:00Z", "count": 1, "vulnerabilities": [{"cveID": "CVE-2026-10000", "dateAdded": TODAY}]}
    feeds = [site.feed("debian_tracker", "tracker.json", tracker), site.feed("kev", "kev.json", kev)]
    waiver = {"control": "patch-open-CVE-2026-9999", "hosts": "third", "reason": "No shell for users", "approver": "CISO", "until": TODAY}
    done, plans = site.plan(*HOSTS, patch_feeds=feeds, baseline_waivers=[waiver])
    assert done.returncode == 0
    return sources, tracker, feeds, plans


def test_without_feeds_it_says_what_waits_and_that_nothing_is_known_of_vulnerabilities(site, waiting):
    plan, unused_held = waiting
    assert plan["problem"] == "" and plan["system"]["codename"] == "bookworm"
    assert any(update["security"] and "Debian-Security" in update["source"] for update in plan["pending"])
    assert {record["control"]: record["status"] for record in plan["records"]} == dict.fromkeys(
        ("patch-feeds", "patch-overdue", "patch-known-exploited"), "not_checked"
    )


def test_every_update_says_what_it_closes(planned, waiting):
    sources, tracker, unused_feeds, [plan, *unused_others] = planned
    unused_plan, held = waiting
    for update in plan["pending"]:
        if update["security"] and update["package"] != held:
            assert set(tracker[update["source_package"]]) <= set(update["closes"]), update
    states = {entry["package"]: entry["state"] for entry in plan["vulnerabilities"]}
    assert states.pop("bash") == "no_fix" and set(states) == set(sources)
    source = next(update["source_package"] for update in plan["pending"] if update["package"] == held)
    assert {package: state for package, state in states.items() if state != "fixable"} == {source: "held"}
    kept = next(entry for entry in plan["vulnerabilities"] if entry["package"] == source)
    assert not kept["closed_by_update"] and kept["reason"].startswith("A hold keeps")


def test_a_feed_is_read_once_for_all_hosts(planned):
    parsed = [feed["name"] for plan in planned[3] for feed in plan["feeds"] if feed["parsed"]]
    assert sorted(parsed) == ["kev.json", "tracker.json"]


def test_what_is_exploited_fails_and_what_is_waived_is_shown(planned):
    records = [{record["control"]: record["status"] for record in plan["records"]} for plan in planned[3]]
    assert [found["patch-known-exploited"] for found in records] == ["fail"] * 3
    assert [found["patch-overdue"] for found in records] == ["pass"] * 3
    assert [found.get("patch-open-CVE-2026-9999") for found in records] == [None, None, "waived"]


def test_the_report_has_all_hosts(site, planned):
    page = site.report
    assert all(f'<th scope="row">{host}</th>' in page for host in HOSTS)
    assert page.count("<code>CVE-2026-9999</code>") == 3 and "<svg" in page


def test_a_month_later_it_is_overdue_by_the_ledger(site, planned):
    later = datetime.fromtimestamp(datetime.now().timestamp() + 40 * 86400, timezone.utc).date().isoformat()
    feeds = [{**feed, "max_age": 60} for feed in planned[2]]
    done, [plan] = site.plan("first", patch_feeds=feeds, patch_today=later)
    assert done.returncode == 0
    assert {entry["status"] for entry in plan["vulnerabilities"]} == {"overdue", "no_fix"}
    assert {entry["identified"] for entry in plan["vulnerabilities"]} == {TODAY}
    assert next(record["status"] for record in plan["records"] if record["control"] == "patch-overdue") == "fail"


def test_a_feed_that_is_too_old_is_an_error_everywhere(site, planned):
    later = datetime.fromtimestamp(datetime.now().timestamp() + 40 * 86400, timezone.utc).date().isoformat()
    kept = [site.place / "evidence" / name for name in ("first/plan.json", "patches.html")]
    before = [path.read_bytes() for path in kept]
    done, [plan] = site.plan("first", patch_feeds=planned[2], patch_today=later)
    assert [path.read_bytes() for path in kept] == before
    assert done.returncode != 0 and "40 days ago and more than the 7 days of its max_age" in plan["problem"]
    assert [record["status"] for record in plan["records"]] == ["error", "not_checked", "not_checked"]
    page = (site.place / "evidence/patches-failed.html").read_text()
    assert "<h1>Nothing could be planned" in page and "1 of 1 could not be planned" in page and "patches-failed.html" in done.stdout
    assert plan["problem"].count("40 days ago") == 1
