# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The evidence store as an auditor reads it: with the queries of docs/evidence-store.md, and DuckDB alone."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

import duckdb
import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.store import engine
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.engine import StoreError
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.schema import KINDS, VERSION

PAGE = (Path(__file__).parents[5] / "docs/evidence-store.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.S)
WAIVER = {"reason": 'The vendor\'s "appliance"', "approver": "ciso", "until": "2026-12-31", "expired": False}
OPEN = {
    "id": "CVE-2026-1", "package": "openssl", "severity": "critical", "status": "overdue", "due": "2026-11-01", "identified": "2026-10-01",
    "fixed": "3.0.1", "kev": True, "waiver": None,
}  # fmt: skip


@pytest.fixture
def table(site):
    """A kind of the store, as its page says that it is read."""

    def read(kind, query=None):
        setup = re.search(r"```python\nimport duckdb\n(.*?)```", PAGE, re.S)[1].replace("/srv/evidence-store", str(site.store))
        known = {"duckdb": duckdb}
        files = {name: sorted(site.store.glob(f"v{VERSION}/kind={name}/*/*.parquet")) for name in KINDS}
        exec(setup.replace('("records", "vulnerabilities", "runs")', str([name for name in KINDS if files[name]])), known)
        answer = known["store"].sql(query or f"FROM {kind}")
        return [dict(zip(answer.columns, row)) for row in answer.fetchall()]

    return read


def test_a_run_is_in_the_store_as_it_is_in_its_evidence(site, record, table):
    started = "2026-11-29T23:59:00Z"
    release = {"id": "web", "version": "7", "built": "2026-11-01T08:00:00Z"}
    records = [
        record(),
        record(
            "aide-cron", "waived", waiver=WAIVER, drift={"category": "files", "item": "/etc/x", "class": "site", "explained_by": "CHG-1"}
        ),
        record("rpm-x", "fail", message="'; DROP"),
    ]
    place = site.run(
        "web-01", "2026-11-30T00:01:00Z", *records, vulnerabilities=[OPEN], groups=["clinical"], started=started, release=release
    )
    (run,) = table("runs")
    assert (run["run"], run["host"], str(run["day"])) == (f"web-01/{place.name}", "web-01", "2026-11-29")
    assert (run["groups"], run["controls_pass"], run["controls_waived"], run["percent"]) == (["clinical"], 1, 1, 33)
    assert (run["image"], run["image_version"], str(run["image_built"])) == ("web", "7", "2026-11-01 08:00:00")
    first, waived, failed = table("records")
    assert (first["control"], first["area"], first["expected"]) == ("ssh-root-login", "ssh", '{"sshd: PermitRootLogin": "no"}')
    assert (
        waived["waiver_reason"],
        str(waived["waiver_until"]),
        [waived[name] for name in ("category", "item", "class", "explained_by")],
    ) == (WAIVER["reason"], "2026-12-31", ["files", "/etc/x", "site", "CHG-1"])
    assert (failed["message"], failed["citations"]) == ("'; DROP", ["hipaa:164.312(d)"])
    (vulnerability,) = table("vulnerabilities")
    assert (vulnerability["id"], vulnerability["state"], str(vulnerability["due"]), vulnerability["exploited"]) == (
        "CVE-2026-1",
        "overdue",
        "2026-11-01",
        True,
    )


def test_every_column_is_described_with_its_type(site, record, table):
    site.run("web", "2026-11-30T12:00:00Z", record(), vulnerabilities=[OPEN])
    for kind, columns in KINDS.items():
        section = re.search(rf"### `{kind}`\n(.*?)(?=\n##)", PAGE, re.S)[1]
        assert re.findall(r"^\| `(\w+)` \| ([A-Z\[\]]+) \|", section, re.M) == list(columns.items())
        assert list(table(kind)[0])[: len(columns)] == list(columns)
    assert f"Version {VERSION}. " in PAGE


def test_a_run_that_is_written_twice_is_there_once(site, record, table):
    """The evidence of a template is written before its promotion, and again after it."""
    site.run("web", "2026-11-29T23:59:58Z", record(), record("a-b"), vulnerabilities=[OPEN], started="2026-11-29T23:00:00Z")
    place = site.run("web", "2026-11-29T23:59:58Z", record("a-c"), started="2026-11-29T23:00:00Z", stored=False)
    site.load(place)
    assert [row["control"] for row in table("records")] == ["a-c"]
    assert len(table("runs")) == 1
    assert not list(site.store.glob("**/kind=vulnerabilities/*/*"))


def test_which_hosts_failed_what_on_a_day(site, record, table):
    site.run("b", "2026-11-30T08:00:00Z", record("a-b", "fail", message="odd"), record("a-c"), record("rule", "fail", origin="openscap"))
    site.run("a", "2026-11-30T08:00:00Z", record("a-b", "error"), record("a-d", "not_checked"))
    site.run("a", "2026-11-29T08:00:00Z", record("a-e", "fail"))
    assert [(row["host"], row["control"], row["message"]) for row in table("", QUERIES[0])] == [("a", "a-b", ""), ("b", "a-b", "odd")]


def test_how_long_each_critical_finding_lived(site, record, table):
    statuses = ["pass", "fail", "not_checked", "fail", "pass", "error", "fail"]
    for day, status in enumerate(statuses, 1):
        site.run("a", f"2026-11-{day:02}T08:00:00Z", record("a-b", status, severity="critical"), record("a-c", "fail"))
    found = [(str(row["first_seen"])[:10], str(row["last_seen"])[:10], str(row["gone"])[:10], row["days"]) for row in table("", QUERIES[1])]
    assert found == [("2026-11-02", "2026-11-04", "2026-11-05", 3), ("2026-11-06", "2026-11-07", "None", 1)]


def test_what_share_of_clinical_guests_meets_a_safeguard(site, record, table):
    clinical = {"groups": ["clinical", "east"]}
    for host, statuses in {"met": ["pass", "not_checked"], "failing": ["pass", "fail"], "unseen": ["not_checked"]}.items():
        site.run(host, "2026-11-01T08:00:00Z", record(status="fail"), **clinical)
        site.run(host, "2026-11-30T08:00:00Z", *(record(f"a-{number}", status) for number, status in enumerate(statuses)), **clinical)
    site.run("other", "2026-11-30T08:00:00Z", record(), groups=["office"])
    site.run("without", "2026-11-30T08:00:00Z", record(references={}), **clinical)
    (row,) = table("", QUERIES[2])
    assert (row["guests"], row["meeting"], row["percent"]) == (4, 1, 25.0)


def test_files_are_whole_and_nobody_elses(site, record):
    site.run("e*[v]il\n", "2026-11-30T08:00:00Z", record())
    files = [path for path in site.store.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".parquet"} and len(files) == 2
    assert all(re.fullmatch(r"e_v_il_-[0-9a-f]{16}\.parquet", path.name) for path in files)
    assert {stat.S_IMODE(os.stat(path).st_mode) for path in files} == {0o640}
    assert {path.parent.name for path in files} == {"day=2026-11-30"}


def test_secrets_in_evidence_of_somebody_else_are_masked(site, record, table):
    site.run("web", "2026-11-30T08:00:00Z", record(message="password=hunter2-SeCrEt"))
    assert "hunter2" not in str(table("records"))


@pytest.mark.parametrize(
    "damage, why",
    [
        (lambda place: (place / "results.json").write_text("{}"), "results.json is not the one that its manifest.json lists"),
        (lambda place: (place / "manifest.json").write_text("{"), "manifest.json is not the manifest of a run"),
        (lambda place: (place / "results.json").unlink(), "there is no results.json"),
    ],
)
def test_damaged_evidence_is_not_added(site, record, damage, why):
    place = site.run("web", "2026-11-30T08:00:00Z", record(), stored=False)
    damage(place)
    with pytest.raises(StoreError, match=re.escape(why)):
        site.load(place)
    assert not site.store.exists()


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(StoreError, match="needs the Python package duckdb on the controller: install what requirements.txt names"):
        with engine.connected():
            pass


def test_a_store_whose_name_is_a_pattern_is_refused(site, record):
    site.store = site.store / "a*"
    with pytest.raises(StoreError, match="choose another directory"):
        site.run("web", "2026-11-30T08:00:00Z", record())
