# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from xml.etree import ElementTree

import jsonschema
import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.manifest import retain_until
from referencing import Registry, Resource

WAIVER = {"reason": "vendor", "approver": "ciso", "until": "2099-01-01", "expired": False}
WHOLE = {
    "source": {"path": "/srv/t.qcow2", "sha256": "0" * 64, "size": 1},
    "image": {"path": "/srv/i.qcow2", "sha256": "1" * 64, "size": 2, "pointer": "/srv/t"},
    "changes": [{"package": "openssl", "from": "1", "to": "2", "source": "security"}],
    "pending": [{"package": "vim", "from": "1", "to": "2"}],
    "started": "2026-10-09T12:00:00Z",
}


def check(name, text):
    """Hold a text to its schema, as a user with any validator would."""
    schemas = {}
    for known in ("results", "manifest"):
        with open(os.path.join(schema.DIRECTORY, f"{known}.json"), encoding="utf-8") as stream:
            schemas[known] = json.load(stream)
    registry = Registry().with_resources((found["$id"], Resource.from_contents(found)) for found in schemas.values())
    jsonschema.Draft202012Validator(schemas[name], registry=registry).validate(json.loads(text))
    return json.loads(text)


def test_a_whole_run_is_written_in_files_that_fit_their_schemas(files, record, control):
    statuses = ["pass", "fail", "error", "not_applicable", "not_checked"]
    records = [record(f"a-{status}", status) for status in statuses]
    records.append(record("a-waived", "waived", waiver=WAIVER))
    found = files(records=records, controls=[control("a-waived", waiver=WAIVER)], **WHOLE)
    assert sorted(found) == ["coverage.csv", "junit.xml", "manifest.json", "report.html", "results.json"]
    assert check("results", found["results.json"])["records"] == records
    manifest = check("manifest", found["manifest.json"])
    assert manifest["waivers"] == [{"control": "a-waived", **WAIVER}]
    assert manifest["verdict"]["failing"] == ["a-fail", "a-error"]


@pytest.mark.parametrize("isolation", [{"held": "strong", "reason": ""}, {"held": "reduced", "reason": "image_isolation is <reduced>"}])
def test_the_walls_that_held_are_reported(files, isolation):
    found = files(isolation=isolation, **WHOLE)
    assert check("manifest", found["manifest.json"])["isolation"] == isolation
    assert f"{isolation['held']} isolation" in found["report.html"]
    assert isolation["reason"].replace("<", "&lt;").replace(">", "&gt;") in found["report.html"]


def test_a_run_that_knows_nothing_is_written_too(files):
    found = files(failure="Open: the template is in use by another run.")
    assert check("manifest", found["manifest.json"])["verdict"]["outcome"] == "stopped"
    assert check("results", found["results.json"])["records"] == []
    assert "Open: the template is in use by another run." in found["report.html"]


def test_the_manifest_has_the_digests_of_the_other_files(files, record):
    found = files(records=[record()])
    digests = json.loads(found["manifest.json"])["files"]
    assert digests == {
        name: {"sha256": hashlib.sha256(found[name].encode()).hexdigest(), "size": len(found[name].encode())}
        for name in ("coverage.csv", "junit.xml", "report.html", "results.json")
    }


def test_the_manifest_has_the_digest_of_the_playbook(files, tmp_path):
    playbook = tmp_path / "play.yml"
    playbook.write_text("- hosts: all\n", encoding="utf-8")
    digest = hashlib.sha256(b"- hosts: all\n").hexdigest()
    found = json.loads(files(playbook=str(playbook))["manifest.json"])
    assert found["playbook"] == {"path": str(playbook), "sha256": digest}


def test_the_digest_of_a_profile_changes_with_a_value_and_with_nothing_else(files, control):
    def digest(**known):
        return json.loads(files(controls=[control(**known)])["manifest.json"])["profile"]["sha256"]

    assert digest() == digest(rationale="Other words.")
    assert digest() != digest(settings={"sshd": {"PermitRootLogin": "yes"}})


@pytest.mark.parametrize(("ended", "until"), [("2026-10-09T23:59:59Z", "2032-10-09"), ("2028-02-29T00:00:00Z", "2034-03-01")])
def test_documentation_is_kept_for_six_years(ended, until):
    assert retain_until(ended) == until


def test_junit_keeps_what_failed_apart_from_what_was_not_checked(files, record):
    statuses = ["pass", "fail", "error", "not_applicable", "not_checked"]
    records = [record(f"a-{status}", status, message="why & <why>") for status in statuses]
    records += [record("a-waived", "waived", message="why & <why>"), record("b-pass", stage="boot")]
    suites = ElementTree.fromstring(files(records=records)["junit.xml"]).findall("testsuite")
    offline = suites[0].attrib
    assert [suite.get("name") for suite in suites] == ["debian-12 offline", "debian-12 boot", "debian-12 verdict"]
    assert (offline["tests"], offline["failures"], offline["errors"], offline["skipped"]) == ("6", "1", "1", "3")
    assert [[child.tag for child in case] for case in suites[0]] == [[], ["failure"], ["error"], ["skipped"], ["skipped"], ["skipped"]]
    assert suites[0].find("testcase/failure").get("message") == "why & <why>"
    assert [skipped.get("message") for skipped in suites[0].iter("skipped")] == [
        "not applicable: why & <why>",
        "not checked: why & <why>",
        "waived: why & <why>",
    ]


def test_junit_fails_where_nothing_was_verified(files, record):
    """A CI system would take a file without a case for a success."""
    [suite] = ElementTree.fromstring(files()["junit.xml"]).findall("testsuite")
    assert (suite.get("name"), suite.find("testcase/failure").get("message")) == (
        "debian-12 verdict",
        "Nothing was verified, so nothing can be said.",
    )
    assert "verdict" not in files(records=[record()])["junit.xml"]


def test_evidence_takes_the_place_of_its_own_run(tmp_path):
    first = evidence.written(str(tmp_path / "host/run"), {"a": "about to be promoted", "b": "x"})
    assert evidence.written(str(tmp_path / "host/run"), {"a": "promoted"}, replaces=first) == first
    assert {path.name: path.read_text() for path in (tmp_path / "host/run").iterdir()} == {"a": "promoted"}
    assert [path.name for path in (tmp_path / "host").iterdir()] == ["run"]


def test_what_cannot_take_the_place_leaves_what_was_there(tmp_path, monkeypatch):
    first = evidence.written(str(tmp_path / "host/run"), {"a": "about to be promoted"})
    rename, moves = os.rename, []

    def full(source, target):
        moves.append(target)
        if len(moves) == 2:
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        evidence.written(str(tmp_path / "host/run"), {"a": "promoted"}, replaces=first)
    assert (tmp_path / "host/run/a").read_text() == "about to be promoted"
    assert [path.name for path in (tmp_path / "host").iterdir()] == ["run"]


def test_evidence_is_on_the_disk_before_it_is_reported(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(os.readlink(f"/proc/self/fd/{handle}")), fsync(handle)))
    path = evidence.written(str(tmp_path / "new/host/run"), {"a": "1", "b": "2"})
    names = [os.path.basename(name) for name in synced]
    assert sorted(name for name in names if name in "ab") == ["a", "b"]
    assert synced[:2] == [str(tmp_path), str(tmp_path / "new")], "the directories above it outlast a power cut too"
    assert names[-2].startswith(".evidence-") and synced[-1] == os.path.dirname(path)


def test_what_a_scanner_found_is_in_the_results_and_gates_only_where_somebody_says_so(files, record):
    records = [record(), record("openscap:x", "fail", origin="openscap", level=None, expected=None, observed=None)]
    found = files(records=records)
    assert check("results", found["results.json"])["records"] == records
    assert check("manifest", found["manifest.json"])["verdict"]["outcome"] == "passed"
    assert "openscap" not in found["junit.xml"]
    found = files(records=records, origins=["hygeia.golden", "openscap"])
    assert check("manifest", found["manifest.json"])["verdict"]["failing"] == ["openscap:x"]
    suites = ElementTree.fromstring(found["junit.xml"]).findall("testsuite")
    assert [(suite.get("name"), suite.get("failures")) for suite in suites] == [
        ("debian-12 offline", "0"),
        ("debian-12 offline openscap", "1"),
        ("debian-12 verdict", "1"),
    ]


def test_a_table_has_a_row_for_each_citation_of_every_framework(files, record):
    rows = list(csv.DictReader(io.StringIO(files(records=[record(status="fail")])["coverage.csv"])))
    row = next(row for row in rows if row["citation"] == "164.312(d)")
    assert (row["framework"], row["state"], row["controls"], row["fail"], row["failing"]) == (
        "hipaa",
        "failing",
        "1",
        "1",
        "ssh-root-login",
    )
    assert next(row for row in rows if row["citation"] == "164.308(a)(2)")["state"] == "out_of_reach"
    assert {"nist_800_53", "nist_csf"} <= {row["framework"] for row in rows}


def test_no_cell_of_the_table_is_a_formula(files, record, tmp_path):
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "frameworks/house.yml").write_text("{id: house, title: House, source: X, citations: {=1+1: {title: -x}}}", encoding="utf-8")
    rows = csv.DictReader(io.StringIO(files(records=[record()], policy=[str(tmp_path)])["coverage.csv"]))
    assert [(row["citation"], row["title"]) for row in rows if row["framework"] == "house"] == [("'=1+1", "'-x")]


def test_bytes_that_are_no_text_and_controls_that_xml_lacks_do_not_stop_the_evidence(files, record, tmp_path):
    found = files(records=[record(status="fail", message="a\x00b \udcff c\x1b")])
    ElementTree.fromstring(found["junit.xml"])
    evidence.written(str(tmp_path / "run"), found)
    assert "\\udcff" in (tmp_path / "run" / "results.json").read_text(encoding="utf-8")


def test_the_directory_appears_whole_and_never_replaces_another(files, tmp_path):
    found = files()
    assert evidence.written(str(tmp_path / "host" / "run"), found) == str(tmp_path / "host" / "run")
    assert evidence.written(str(tmp_path / "host" / "run"), {"results.json": "later"}) == str(tmp_path / "host" / "run-2")
    assert (tmp_path / "host" / "run" / "results.json").read_text(encoding="utf-8") == found["results.json"]
    assert os.stat(tmp_path / "host" / "run" / "report.html").st_mode & 0o777 == 0o640
    assert os.stat(tmp_path / "host" / "run").st_mode & 0o777 == 0o750


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(OSError):
        evidence.written(str(tmp_path / "run"), {"results.json": "x", "no/such/directory": "x"})
    assert os.listdir(tmp_path) == []


def test_secrets_are_in_no_file(files, record):
    secrets = ["hunter2", "$6$salt$hashhashhash", "s3cr3t", "MIIEabc", "grub.pbkdf2.sha512.10000.AB12"]
    diff = {"after_header": "/etc/x", "before": "", "after": f"password = {secrets[0]}\nroot:{secrets[1]}:19000\n"}
    message = f"https://user:{secrets[2]}@mirror.example -----BEGIN RSA PRIVATE KEY-----\n{secrets[3]} and {secrets[4]}"
    found = files(records=[record(status="fail", message=message)], diffs=[diff])
    assert [(name, secret) for name in found for secret in secrets if secret in found[name]] == []
    assert "[masked]" in found["results.json"]
