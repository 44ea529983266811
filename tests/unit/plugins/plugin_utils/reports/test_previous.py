# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import previous

NOW = "20261009T120000Z"


@pytest.fixture
def history(tmp_path, record):
    """Leave earlier runs as ``{name: {control: status}}``, or as bytes where they are odd, and compare with what is now."""

    def compare(earlier, now, own=NOW, replaces=None):
        for name, found in earlier.items():
            directory = tmp_path / "web" / name
            directory.mkdir(parents=True)
            content = (
                found
                if isinstance(found, bytes)
                else json.dumps(
                    {"ended": f"{name[:4]}-10-09T11:00:00Z", "records": [record(control, status) for control, status in found.items()]}
                ).encode()
            )
            (directory / "results.json").write_bytes(content)
        return previous.since(str(tmp_path / "web" / own), replaces, [record(control, status) for control, status in now.items()])

    return compare


def names(found):
    return {sort: [row["control"] for row in found[sort]] for sort in previous.DIFFERENCES if found[sort]}


def test_the_first_run_has_nothing_to_be_compared_with(history, tmp_path):
    assert history({}, {"a-a": "pass"}) is None
    assert previous.since(str(tmp_path / "web" / NOW), None, []) is None


@pytest.mark.parametrize(
    ("then", "now", "sort"),
    [
        ("fail", "pass", "better"),
        ("error", "pass", "better"),
        ("not_checked", "pass", "better"),
        ("waived", "pass", "better"),
        ("pass", "fail", "worse"),
        ("waived", "fail", "worse"),
        ("not_checked", "error", "worse"),
        ("not_applicable", "fail", "worse"),
        ("fail", "waived", "changed"),
        ("fail", "error", "changed"),
        ("pass", "not_checked", "changed"),
        ("not_applicable", "pass", "changed"),
        ("fail", "fail", None),
        ("pass", "pass", None),
    ],
)
def test_each_change_has_its_sort(history, then, now, sort):
    found = history({"20261008T120000Z": {"a-a": then, "a-z": "pass"}}, {"a-a": now, "a-z": "pass"})
    assert names(found) == ({sort: ["a-a"]} if sort else {})


def test_what_is_new_and_what_is_gone_is_reported(history):
    found = history(
        {"20261008T120000Z": {"a-a": "pass", "a-b": "pass", "old-one": "fail"}}, {"a-a": "pass", "a-b": "pass", "new-one": "fail"}
    )
    assert names(found) == {"new": ["new-one"], "gone": ["old-one"]}
    assert (found["gone"][0]["then"], found["gone"][0]["now"]) == ("fail", None)


def test_of_two_audits_of_parts_nothing_is_new_or_gone(history, tmp_path, record):
    history({"20261007T120000Z": {"a-a": "fail", "b-b": "pass", "c-c": "pass"}, "20261008T120000Z": {"c-c": "fail"}}, {})
    found = history({}, {"a-a": "pass", "b-b": "pass", "c-c": "pass"})
    assert (found["run"], names(found)) == ("20261007T120000Z", {"better": ["a-a"]})
    assert names(previous.since(str(tmp_path / "web" / NOW), None, [record("c-c")], part=True)) == {"better": ["c-c"]}


def test_the_newest_run_before_that_looked_at_the_same_is_the_one(history):
    found = history(
        {
            "20261007T120000Z": {"a-a": "fail"},
            "20261008T120000Z": {"a-a": "pass"},
            "20261008T120000Z-2": {"a-a": "fail"},
            "20261008T130000Z": {"logging-proven": "pass"},
            "20261008T140000Z": {},
            "20261010T120000Z": {"a-a": "pass"},
            ".evidence-x": {"a-a": "pass"},
        },
        {"a-a": "pass"},
    )
    assert (found["run"], names(found), found["unread"]) == ("20261008T120000Z-2", {"better": ["a-a"]}, [])


def test_the_evidence_that_this_run_wrote_before_is_none_of_an_earlier_run(history, tmp_path):
    assert history({"20261008T120000Z": {"a-a": "fail"}}, {"a-a": "pass"}, replaces=str(tmp_path / "web" / "20261008T120000Z")) is None


def test_runs_of_other_names_are_taken_by_their_age(history, tmp_path):
    history({"nightly": {"a-a": "fail"}, "weekly": {"a-a": "pass"}}, {})
    os.utime(tmp_path / "web/weekly", (1, 1))
    assert history({}, {"a-a": "pass"}, own="today")["run"] == "nightly"


RECORD = b'{"control": "a-a", "title": "t", "status": "pass", "severity": "high"}'


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b'{"records": {}}',
        b"[" * 100_000,
        b'{"ended": "x"}',
        b"NaN",
        b'{"records": [',
        b"\0" * 100,
    ],
)
def test_damaged_evidence_is_reported_and_the_one_before_is_taken(history, odd):
    found = history({"20261007T120000Z": {"a-a": "fail"}, "20261008T120000Z": odd}, {"a-a": "pass"})
    assert (found["run"], names(found)) == ("20261007T120000Z", {"better": ["a-a"]})
    assert found["unread"][0]["run"] == "20261008T120000Z" and found["unread"][0]["why"].startswith("its results.json ")


@pytest.mark.parametrize(
    "odd",
    [
        b'null, 7, "x", [], {}',
        b'{"control": 1, "title": "t", "status": "pass", "severity": "high"}',
        b'{"control": "a-b", "title": "t", "status": "odd", "severity": "high"}',
        b'{"control": "a-b", "title": "t", "status": ["pass"], "severity": "high"}',
        b'{"control": "a-b", "title": null, "status": "pass", "severity": "high"}',
        b'{"control": "a-b", "title": "t", "status": "pass", "severity": {}}',
        b'{"control": "a-b", "title": "t", "status": "pass", "severity": "high", "origin": {"x": 1}}',
    ],
)
def test_records_of_another_form_are_passed_over(history, odd):
    found = history({"20261008T120000Z": b'{"ended": 7, "records": [' + RECORD + b", " + odd + b"]}"}, {"a-a": "fail"})
    assert (names(found), found["ended"]) == ({"worse": ["a-a"]}, "")


def test_names_of_old_evidence_are_cut_and_made_readable(history):
    title = json.dumps("\ud800\x1b[2J" + "x" * 100_000).encode()
    odd = b'{"control": "gone-one", "title": ' + title + b', "status": "fail", "severity": "high"}'
    found = history({"20261008T120000Z": b'{"ended": "", "records": [' + RECORD + b", " + odd + b"]}"}, {"a-a": "pass"})
    assert len(found["gone"][0]["title"]) < 1000
    found["gone"][0]["title"].encode("utf-8")


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        os.mkdir,
        lambda path: os.symlink("/dev/zero", path),
        lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), previous.LARGEST + 1),
    ],
)
def test_what_is_no_file_of_that_size_is_not_read(history, tmp_path, make):
    (tmp_path / "web/20261008T120000Z").mkdir(parents=True)
    make(tmp_path / "web/20261008T120000Z/results.json")
    found = history({}, {"a-a": "pass"})
    assert found["run"] == "" and len(found["unread"]) == 1


def test_of_many_damaged_runs_a_few_are_looked_at(history):
    found = history({f"202610{day:02}T120000Z": b"{" for day in range(10, 30)}, {"a-a": "pass"}, own="20261101T120000Z")
    assert len(found["unread"]) == previous.MOST_RUNS
