# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page of all hosts: what its reader sees, whatever a host is called and answers."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.hygeia.golden.plugins.action import fleet as action
from ansible_collections.hygeia.golden.plugins.modules import fleet as documented
from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet import page

ODD = '"></script><script>alert(1)</script><img src=x>{{ 7*191 }}&lt;'
WAIVER = {"reason": ODD, "approver": ODD, "until": "2026-12-01", "expired": False}


def read(site, name="fleet.html"):
    return (site.evidence.parent / "page" / name).read_text(encoding="utf-8")


def data(text):
    return json.loads(re.search(r'<script type="application/json" id="fleet-data">(.*?)</script>', text, re.S)[1])


@pytest.fixture
def dozen(site, record):
    for number in range(12):
        site.run(
            f"host-{number:02}",
            "2026-11-30T08:00:00Z",
            record("ssh-a", "fail" if number < 2 else "pass"),
            record("log-b"),
            groups=["clinical"],
        )
    return site


def test_the_documentation_names_what_the_action_takes():
    options = yaml.safe_load(documented.DOCUMENTATION)["options"]
    spec = {name: {key: value for key, value in known.items() if key != "description"} for name, known in options.items()}
    assert spec == action.ARGUMENTS


def test_the_page_and_its_tables_are_written(dozen):
    found = dozen.write(title="Example Hospital")
    assert found["figures"] == {"hosts": 12, "serious": 2, "overdue": 0, "unexplained": 0, "silent": 0, "unchecked": 0, "percent": 91.6}
    assert sorted(os.listdir(dozen.evidence.parent / "page")) == found["files"] == yaml.safe_load(documented.RETURN)["files"]["sample"]
    text = read(dozen)
    assert "<h1>12 hosts and templates, 91.6% of applicable controls passed</h1>" in text and "Example Hospital" in text
    assert "No run read a feed, so nothing is known about vulnerabilities." in text
    assert "No host was compared with its image in these 30 days." in text
    assert text.count("<b>?</b>") == 2
    rows = list(csv.DictReader(read(dozen, "hosts.csv").splitlines()))
    assert [(row["host"], row["percent"], row["overdue"]) for row in rows[:3]] == [
        ("host-00", "50", ""),
        ("host-01", "50", ""),
        ("host-02", "100", ""),
    ]
    assert {row["area"]: row["percent"] for row in csv.DictReader(read(dozen, "areas.csv").splitlines())} == {"ssh": "83.3", "log": "100.0"}
    assert stat.S_IMODE(os.stat(found["path"]).st_mode) == 0o640


def test_the_page_is_written_again_and_other_files_are_left_alone(dozen):
    dozen.write()
    other = dozen.evidence.parent / "page/index.html"
    other.write_text("mine", encoding="utf-8")
    dozen.run("host-99", "2026-11-30T09:00:00Z", stored=True)
    dozen.write()
    assert other.read_text(encoding="utf-8") == "mine"
    assert "<h1>13 hosts and templates" in read(dozen)


def test_check_mode_writes_nothing(dozen):
    assert dozen.write(check_mode=True)["figures"]["hosts"] == 12
    assert not (dozen.evidence.parent / "page").exists()


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.met = []

    def handle_starttag(self, tag, attrs):
        self.met.append((tag, dict(attrs)))


def test_nothing_that_a_host_says_is_a_part_of_the_page(site, record):
    release = {"id": ODD, "version": ODD, "built": "2026-11-01T00:00:00Z"}
    open_ = {
        "id": ODD,
        "package": ODD,
        "severity": "high",
        "due": "2026-11-01",
        "fixed": ODD,
        "status": "overdue",
        "kev": True,
        "waiver": None,
    }
    drift = record("drift-x", "fail", title=ODD, drift={"category": ODD, "item": ODD, "class": ODD, "explained_by": ODD})
    for number in range(6):
        records = [
            record("a-b", "fail" if number else "pass", title=ODD, observed=ODD),
            record("a-c", "waived", waiver=WAIVER, title=ODD),
            drift,
        ]
        site.run(
            f"{number}{ODD}".replace("/", "\\"), "2026-11-30T08:00:00Z", *records, groups=[ODD], release=release, vulnerabilities=[open_]
        )
    site.run("silent", "2026-11-01T08:00:00Z", record(), profile={"id": ODD}, groups=[ODD])
    site.write(title=ODD)
    text = read(site)
    elements = Elements()
    elements.feed(text)
    scripts = [attributes for tag, attributes in elements.met if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "fleet-data"}, {}]
    assert not [tag for tag, attributes in elements.met if tag == "img" or any(name.startswith("on") for name in attributes)]
    assert "1337" not in text and ODD not in text
    assert data(text)["rows"][0][1] == [ODD]
    for name in os.listdir(site.evidence.parent / "page"):
        assert name == "fleet.html" or list(csv.reader(read(site, name).splitlines(keepends=True)))


def test_only_its_own_script_runs(dozen):
    dozen.write()
    text = read(dozen)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    script = re.search(r"<script>(.*?)</script>", text, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/2000/svg", "", text)


def test_a_cell_is_no_formula(site, record):
    site.run("=cmd|' /C calc'!A0", "2026-11-30T08:00:00Z", record())
    site.write()
    assert read(site, "hosts.csv").splitlines()[1].startswith("'=cmd")


def test_what_is_not_known_is_not_shown_as_none(site, record):
    site.run("web", "2026-11-30T08:00:00Z")
    site.write()
    text = read(site)
    assert "1 host was never checked." in text
    assert "not checked" in text and "not compared" in text and "100% of" not in text


def test_an_empty_store_says_so(site):
    site.store.mkdir()
    site.write()
    assert "<h1>The evidence store has no run of the last 365 days</h1>" in read(site)


def test_earlier_evidence_is_added(site, record):
    site.run("a", "2026-11-29T08:00:00Z", record(), stored=False)
    site.run("b", "2026-11-29T08:00:00Z", record())
    damaged = site.run("c", "2026-11-29T08:00:00Z", record(), stored=False)
    (damaged / "results.json").write_text("{}", encoding="utf-8")
    found = site.write(evidence=str(site.evidence))
    assert (found["added"], found["figures"]["hosts"]) == (1, 2)
    assert "A run is not in the evidence store: " in found["warnings"][0] and str(damaged) in found["warnings"][0]
    assert site.write(evidence=str(site.evidence))["added"] == 0


@pytest.mark.parametrize(
    "arguments, why",
    [
        ({"store": "/nonexistent"}, "there is no evidence store at /nonexistent: set evidence_store"),
        ({"day": "yesterday"}, "'yesterday' is no day: write one as 2026-11-30"),
        ({"silent_days": 0}, "silent_days is 0: write a number of days from 1 to 3660"),
        ({"dest": "/proc/page"}, "the page of all hosts cannot be written: "),
    ],
)
def test_what_cannot_be_is_one_sentence(dozen, arguments, why):
    with pytest.raises(AnsibleError, match=re.escape(why)):
        dozen.write(**arguments)


def test_a_damaged_store_is_one_sentence(dozen):
    next(dozen.store.glob("v1/kind=runs/*/*.parquet")).write_bytes(b"no Parquet at all")
    with pytest.raises(AnsibleError, match="there is no page of all hosts: DuckDB cannot read .*: [^\n]*$"):
        dozen.write()


def test_without_duckdb_one_sentence_says_what_to_install(dozen, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(AnsibleError, match="needs the Python package duckdb on the controller"):
        dozen.write()


def test_small_lines_are_the_same_by_page_and_script():
    """The alphabet and the scale stand in both."""
    with open(os.path.splitext(os.path.splitext(action.TEMPLATE)[0])[0] + ".js", encoding="utf-8") as stream:
        script = stream.read()
    assert f'alphabet = "{page._ALPHABET}"' in script and "- 25) * 0.8" in script
    assert page.spark([None, 100, 50, 20]) == "2,0.0 4,20.0 6,20.0"


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium, which no other test does")
def test_the_script_makes_the_rows_that_are_looked_at(site, record):
    for number in range(70):
        site.run(
            f"host-{number:03}",
            "2026-11-30T08:00:00Z",
            record("ssh-a", "fail" if number < 2 else "pass"),
            groups=["even" if number % 2 == 0 else "odd"],
        )
    path = site.write()["path"]

    def shown(fragment):
        command = [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=2000",
            "--dump-dom",
            f"file://{path}{fragment}",
        ]
        text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        return re.findall(r'<th scope="row">(host-\d+)', text[text.index('id="host-table"') :]), re.search(
            r'id="filter-count">([^<]*)<', text
        )[1]

    rows, count = shown("")
    assert rows[:3] == ["host-000", "host-001", "host-002"] and len(rows) < 70 and count == ""
    assert shown("#find=odd%20host-04") == (["host-041", "host-043", "host-045", "host-047", "host-049"], "5 of 70 hosts")
