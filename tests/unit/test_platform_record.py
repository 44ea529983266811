# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The record of a run on a real image says what the evidence of the run says, and the page lists every record."""

from __future__ import annotations

import hashlib
import json

import pytest
import yaml
from ansible_collections.hygeia.golden.docs import generate
from ansible_collections.hygeia.golden.tests.platforms import record

MANIFEST = {
    "ended": "2026-11-30T10:50:00Z",
    "generator": {"collection": "hygeia.golden", "version": "0.1.0", "ansible_core": "2.19.1"},
    "profile": {"id": "hipaa", "controls": 2, "sha256": "0" * 64},
    "source": {"path": "/srv/templates/rocky-9.qcow2", "sha256": "1" * 64},
    "image": {"path": "/srv/golden/rocky-9-1.qcow2", "sha256": "2" * 64, "size": 4096},
    "verdict": {"outcome": "promoted", "text": "", "failing": []},
    "packages": {"changed": [{"package": "bash", "from": "1", "to": "2"}], "pending": []},
    "stages": ["offline", "boot"],
    "files": {"results.json": "3" * 64, "sbom.cdx.json": "4" * 64},
}
OS = {"name": "hygeia.golden:os", "value": "rocky 9.4"}
FILES = {
    "manifest.json": MANIFEST,
    "results.json": {
        "records": [
            {"control": control, "stage": stage, "status": status, "message": message}
            for control, stage, status, message in (
                ("ssh-root-login", "offline", "pass", ""),
                ("ssh-root-login", "boot", "pass", ""),
                ("mount-separate-var", "offline", "fail", "/var is no file system of its own" + "." * 300),
                ("mount-separate-var", "boot", "fail", "/var is no file system of its own" + "." * 300),
                ("boot-password", "offline", "error", "the menu cannot be read"),
                ("seal-mail", "offline", "pass", ""),
            )
        ]
    },
    "sbom.cdx.json": {"metadata": {"component": {"properties": [{"name": "hygeia.golden:profile", "value": "hipaa"}, OS]}}},
}


@pytest.fixture
def evidence(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_text(json.dumps(content))
    return tmp_path


def test_a_record_says_what_the_evidence_says(evidence):
    found = record.made(evidence, "Clara <clara@example.org>", "abc123")
    assert found["platform"] == "rocky-9.4" and found["stand_in"] is False
    assert (found["date"], found["outcome"], found["packages_changed"]) == ("2026-11-30", "promoted", 1)
    assert found["template"] == {"file": "rocky-9.qcow2", "sha256": "1" * 64}
    assert found["audits"] == {"offline": {"error": 1, "fail": 1, "pass": 2}, "boot": {"fail": 1, "pass": 1}}
    assert [(finding["control"], finding["status"], finding["stages"]) for finding in found["findings"]] == [
        ("boot-password", "error", ["offline"]),
        ("mount-separate-var", "fail", ["offline", "boot"]),
    ]
    assert all(len(finding["message"]) <= record.LONGEST for finding in found["findings"])
    assert found["evidence_sha256"] == hashlib.sha256((evidence / "manifest.json").read_bytes()).hexdigest()


def test_a_run_that_promoted_nothing_is_recorded_too(evidence):
    stopped = {**MANIFEST, "image": None, "verdict": {"outcome": "stopped"}, "stages": ["offline"]}
    (evidence / "manifest.json").write_text(json.dumps(stopped))
    found = record.made(evidence, "Clara", "abc123", stand_in=True)
    assert (found["outcome"], found["image"], list(found["audits"]), found["stand_in"]) == (
        "stopped",
        {"sha256": "", "size": 0},
        ["offline"],
        True,
    )


def test_the_page_lists_every_record(evidence, tmp_path):
    records = tmp_path / "records"
    records.mkdir()
    found = record.made(evidence, "Clara <clara@example.org>", "abc123")
    for name, change in {"rocky-9.4": {}, "older": {"date": "2025-01-01", "stand_in": True, "audits": {}}}.items():
        (records / f"{name}.yml").write_text(yaml.safe_dump({**found, **change}))
    rows = [line for line in generate.proven_page(str(records)).splitlines() if line.startswith("| [")]
    assert rows == [
        "| [rocky-9.4](platforms/rocky-9.4.yml) | 2026-11-30 | hipaa | promoted | 1 error, 1 fail, 2 pass | 1 fail, 1 pass | `abc123` | Clara |",
        "| [rocky-9.4](platforms/older.yml) (stand-in) | 2025-01-01 | hipaa | promoted | not run | not run | `abc123` | Clara |",
    ]
