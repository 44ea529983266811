# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said of all hosts, over stores of a few runs each."""

from __future__ import annotations

WAIVER = {"reason": "The vendor forbids it", "approver": "ciso", "until": "2026-12-15", "expired": False}


def vulnerability(name, due, **known):
    return {
        "id": name,
        "package": "openssl",
        "severity": "high",
        "status": "on_time",
        "due": due,
        "fixed": "3",
        "kev": False,
        "waiver": None,
        **known,
    }


def by_host(found):
    return {row["host"]: row for row in found["hosts"]}


def test_a_host_counts_as_its_newest_run_shows_it(site, record):
    site.run("web", "2026-11-28T08:00:00Z", record("a-b", "fail"), record("a-c"))
    site.run("web", "2026-11-29T08:00:00Z", record("a-b"), record("a-c"))
    site.run("web", "2026-12-01T08:00:00Z", record("a-b", "fail"), record("a-c", "fail"))
    found = by_host(site.figures())["web"]
    assert (found["percent"], found["fail"], found["serious"], found["seen"], found["days"]) == (100, 0, 0, "2026-11-29", 1)


def test_a_run_that_looked_at_little_says_nothing_about_the_rest(site, record):
    site.run("web", "2026-11-28T08:00:00Z", *(record(f"a-{number}", "fail") for number in range(10)))
    site.run("web", "2026-11-29T08:00:00Z", *(record(f"a-{number}") for number in range(4)))
    site.run("web", "2026-11-30T08:00:00Z")
    found = site.figures()
    assert (by_host(found)["web"]["percent"], by_host(found)["web"]["seen"]) == (0, "2026-11-30")
    assert len(found["failing"]) == 10


def test_a_control_has_one_status_over_all_stages_and_scanners_do_not_count(site, record):
    stages = [record("a-b", status, stage=stage) for status, stage in (("pass", "offline"), ("fail", "boot"))]
    more = [record("a-c", "pass", stage="offline"), record("a-c", "not_checked", stage="boot"), record("rule", "fail", origin="openscap")]
    site.run("web", "2026-11-30T08:00:00Z", *stages, *more, groups=["clinical", "east"])
    found = site.figures()
    assert [(row["control"], row["hosts"]) for row in found["failing"]] == [("a-b", 1)]
    assert [(row["area"], row["group"], row["passed"], row["applicable"]) for row in found["areas"]] == [
        ("a", "clinical", 1, 2),
        ("a", "east", 1, 2),
    ]


def test_the_trend_carries_on_what_is_known(site, record):
    site.run("a", "2026-11-27T23:59:59Z", record("a-b", "fail"), record("a-c"))
    site.run("a", "2026-11-29T08:00:00Z", record("a-b"), record("a-c"))
    site.run("b", "2026-11-30T08:00:00Z", record("a-b"), record("a-c"))
    found = site.figures(days=4)
    assert [(row["day"], row["hosts"], row["passed"], row["applicable"]) for row in found["trend"]] == [
        ("2026-11-27", 1, 1, 2),
        ("2026-11-28", 1, 1, 2),
        ("2026-11-29", 1, 2, 2),
        ("2026-11-30", 2, 4, 4),
    ]
    assert by_host(found)["a"]["trend"] == [50, 50, 100, 100]
    assert by_host(found)["b"]["trend"] == [None, None, None, 100]


def test_overdue_patches_are_those_of_the_newest_run_that_read_a_feed(site, record):
    site.run("a", "2026-11-28T08:00:00Z", record(), vulnerabilities=[vulnerability("CVE-1", "2026-11-01")])
    late = [
        vulnerability("CVE-2", "2026-11-29"),
        vulnerability("CVE-3", "2026-11-30"),
        vulnerability("CVE-4", "2026-11-01", status="waived"),
    ]
    site.run("a", "2026-11-29T08:00:00Z", record(), vulnerabilities=late)
    site.run("a", "2026-11-30T08:00:00Z", record())
    site.run("b", "2026-11-30T08:00:00Z", record(), vulnerabilities=[])
    site.run("c", "2026-11-30T08:00:00Z", record())
    found = site.figures()
    assert [(row["id"], row["days"], row["named"]) for row in found["overdue"]] == [("CVE-2", 1, ["a"])]
    assert {host: row["overdue"] for host, row in by_host(found).items()} == {"a": 1, "b": 0, "c": None}


def test_drift_is_that_of_the_newest_run_that_compared(site, record):
    def drift(item, reason, status="fail", by=""):
        return record("drift-files", status, drift={"category": "files", "item": item, "class": reason, "explained_by": by})

    site.run("a", "2026-11-28T08:00:00Z", drift("/old", "unexplained"))
    site.run(
        "a",
        "2026-11-29T08:00:00Z",
        drift("/x", "unexplained"),
        drift("/y", "patch", "pass", "a run of ours"),
        drift("/z", "unexplained", "waived"),
    )
    site.run("a", "2026-11-30T08:00:00Z", *(record(f"a-{number}") for number in range(9)))
    site.run("b", "2026-11-30T08:00:00Z", record())
    site.run("same", "2026-11-30T08:00:00Z", record("drift-files"))
    site.run("silent", "2026-11-29T08:00:00Z", drift("/x", "unexplained"))
    site.run("silent", "2026-11-30T08:00:00Z", record("drift-files", "not_checked"))
    found = site.figures()
    rows = [(row["class"], row["item"], row["named"], row["unexplained"], row["explained_by"]) for row in found["drift"]]
    assert rows == [
        ("unexplained", "/x", ["a", "silent"], True, None),
        ("patch", "/y", ["a"], False, "a run of ours"),
        ("unexplained", "/z", ["a"], False, None),
    ]
    counts = {host: (row["drift"], row["unexplained"]) for host, row in by_host(found).items()}
    assert counts == {"a": (3, 1), "b": (None, None), "same": (0, 0), "silent": (1, 1)}
    assert found["failing"] == []


def test_the_only_host_that_differs_is_named(site, record):
    release = {"id": "web", "version": "1", "built": "2026-11-01T00:00:00Z"}
    for number in range(6):
        odd = number == 3
        records = [
            record("a-b", "fail" if odd else "pass"),
            record("a-each", observed=number),
            record("a-two", "fail" if number < 2 else "pass"),
        ]
        site.run(f"web-{number}", "2026-11-30T08:00:00Z", *records, release=release)
    site.run("other", "2026-11-30T08:00:00Z", record("a-b", "fail"))
    (row,) = site.figures()["differing"]
    assert (row["host"], row["control"], row["status"], row["others"], row["peers"]) == ("web-3", "a-b", "fail", "pass", 5)
    assert (row["observed"], row["others_observed"]) == ('{"sshd: PermitRootLogin": "yes"}', '{"sshd: PermitRootLogin": "no"}')


def test_images_have_their_age_and_hosts(site, record):
    for host, version, built in (("a", "1", "2026-11-01"), ("b", "1", "2026-11-01"), ("c", "2", "2026-11-20")):
        site.run(host, "2026-11-30T08:00:00Z", record(), release={"id": "web", "version": version, "built": f"{built}T08:00:00Z"})
    site.run("d", "2026-11-30T08:00:00Z", record(), release={"id": "web", "version": "x", "built": "yesterday"})
    found = [(row["version"], row["built"], row["age"], row["named"]) for row in site.figures()["images"]]
    assert found == [("2", "2026-11-20", 10, ["c"]), ("1", "2026-11-01", 29, ["a", "b"]), ("x", None, None, ["d"])]


def test_waivers_that_end_soon_are_listed(site, record):
    later = {**WAIVER, "until": "2027-06-01"}
    ended = {**WAIVER, "until": "2026-11-01", "expired": True}
    site.run(
        "a",
        "2026-11-30T08:00:00Z",
        record("a-b", "waived", waiver=WAIVER),
        record("a-c", "waived", waiver=later),
        record("a-d", "fail", waiver=ended),
    )
    site.run("b", "2026-11-30T08:00:00Z", record("a-b", "waived", waiver=WAIVER))
    found = [(row["control"], row["until"], row["days"], row["hosts"]) for row in site.figures()["waivers"]]
    assert found == [("a-d", "2026-11-01", -29, 1), ("a-b", "2026-12-15", 15, 2)]


def test_hosts_that_fell_silent_are_there_until_they_are_forgotten(site, record):
    site.run("gone", "2025-11-01T08:00:00Z", record())
    site.run("silent", "2026-11-01T08:00:00Z", record())
    found = site.figures()
    assert {host: row["days"] for host, row in by_host(found).items()} == {"silent": 29}


def test_an_empty_store_has_no_hosts(site):
    site.store.mkdir()
    found = site.figures()
    assert (found["hosts"], found["trend"], found["images"]) == ([], [], [])
