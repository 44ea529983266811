# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.hygeia.golden.plugins.action import evidence
from ansible_collections.hygeia.golden.plugins.module_utils.signing import history
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust, verify
from ansible_collections.hygeia.golden.plugins.module_utils.util import chain, pieces
from ansible_collections.hygeia.golden.plugins.modules import evidence as documented
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.manifest import parsed
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from drift_samples import System

TEMPLATE = os.path.normpath(os.path.join(BASELINE, "../../evidence/templates/report.html.j2"))


@pytest.fixture
def act(tmp_path):
    """Run the action as the role does."""

    def run(check_mode=False, **arguments):
        arguments = {"path": str(tmp_path / "host" / "run"), "template": TEMPLATE, "profile": "hipaa", **arguments}
        task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="evidence", diff=False)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        play = SimpleNamespace(check_mode=check_mode)
        action = evidence.ActionModule(task, connection, play, None, None, None)
        return action.run(task_vars={"inventory_hostname": "debian-12"})

    return run


def record(control, status="pass", stage="offline", **known):
    return {
        "control": control,
        "title": f"Title of {control}",
        "severity": "high",
        "level": 1,
        "origin": "hygeia.golden",
        "host": "debian-12",
        "stage": stage,
        "status": status,
        "expected": None,
        "observed": None,
        "read_from": "",
        "message": "",
        "waiver": None,
        "references": {},
        **known,
    }


def test_the_documentation_names_what_the_action_takes():
    options = yaml.safe_load(documented.DOCUMENTATION)["options"]
    spec = {name: {key: value for key, value in known.items() if key != "description"} for name, known in options.items()}
    assert spec == evidence.ARGUMENTS


def test_it_writes_and_tells_the_verdict(act):
    found = act(failure="Patch: no space left")
    assert (found["verdict"], found["changed"]) == ("stopped", True)
    assert sorted(os.listdir(found["path"])) == ["coverage.csv", "junit.xml", "manifest.json", "report.html", "results.json"]


def test_check_mode_tells_the_verdict_and_writes_nothing(act, tmp_path):
    assert act(check_mode=True)["verdict"] == "unverified"
    assert os.listdir(tmp_path) == []


def test_the_run_is_added_to_the_store(act, tmp_path):
    found = act(records=[record("a-b", "fail")], store=str(tmp_path / "store"), groups=["clinical"])
    assert [path.split(os.sep)[-3] for path in found["stored"]] == ["kind=records", "kind=runs"]
    runs = duckdb.read_parquet(str(tmp_path / "store/v1/kind=runs/*/*.parquet"))
    assert runs.select("run", "host", "groups", "controls_fail").fetchall() == [("host/run", "debian-12", ["clinical"], 1)]
    again = act(records=[record("a-b")], store=str(tmp_path / "store"), replaces=found["path"])
    assert again["stored"] == found["stored"]


def test_check_mode_adds_nothing_to_the_store(act, tmp_path):
    assert act(check_mode=True, store=str(tmp_path / "store"))["stored"] == []
    assert os.listdir(tmp_path) == []


def test_evidence_is_written_though_the_store_cannot_be(act, tmp_path):
    (tmp_path / "store").write_text("", encoding="utf-8")
    found = act(records=[record("a-b")], store=str(tmp_path / "store"))
    assert found["stored"] == [] and os.path.exists(os.path.join(found["path"], "manifest.json"))
    assert found["warnings"][0].startswith("This run is not in the evidence store: ") and str(tmp_path / "store") in found["warnings"][0]


def test_without_duckdb_nothing_is_written(act, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(AnsibleError, match="the evidence cannot be written: the evidence store needs the Python package duckdb"):
        act(records=[record("a-b")], store=str(tmp_path / "store"))
    assert os.listdir(tmp_path) == []


def test_a_framework_that_there_is_not_is_reported(act):
    with pytest.raises(AnsibleError, match="the evidence cannot be written: there is no framework hippa for the report; use .*hipaa"):
        act(frameworks=["hippa"])


def test_a_place_that_cannot_be_written_is_reported(act, tmp_path):
    (tmp_path / "host").write_text("", encoding="utf-8")
    with pytest.raises(AnsibleError, match="the evidence could not be written to .*/host/run: (File exists|Not a directory)"):
        act()


def test_every_failure_is_reported_the_most_severe_first_and_whether_it_is_blocking(act):
    records = [
        record("a-low", "fail", severity="low"),
        record("b-high", "error"),
        record("c-fine"),
        record("d-other", "fail", origin="openscap"),
        record("b-high", "pass", "boot"),
    ]
    assert act(records=records)["failures"] == ["b-high: Title of b-high (blocking)", "a-low: Title of a-low"]
    assert act(records=records, origins=["hygeia.golden", "openscap"])["failures"][1] == "d-other: Title of d-other (blocking)"


def test_links_lead_where_the_site_says_or_to_the_published_pages(act):
    for given, address in ({"docs": "https://git.example.org/docs/"}, "https://git.example.org/docs"), ({}, evidence.evidence.published()):
        with open(os.path.join(act(records=[record("ssh-root-login")], **given)["path"], "report.html"), encoding="utf-8") as stream:
            assert f'href="{address}/controls/ssh.md#ssh-root-login"' in stream.read()


def test_an_address_that_is_none_is_reported(act):
    with pytest.raises(AnsibleError, match="the evidence cannot be written: evidence_docs is 'docs'; give the address"):
        act(docs="docs")


# -- the index of runs -----------------------------------------------------------------


@pytest.fixture
def key(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    (tmp_path / "allowed").write_text(f"pipeline@example.org {(tmp_path / 'key.pub').read_text()}")
    return str(tmp_path / "key")


def test_each_run_is_in_the_index_and_its_manifest_has_the_end_before_it(act, tmp_path, key):
    index = str(tmp_path / "runs.jsonl")
    head = {"path": "/srv/golden/web.history.jsonl", "entries": 4, "sha256": "0" * 64}
    first = act(index=index, signing_key=key, image_history=head)["path"]
    second = act(index=index, signing_key=key)["path"]
    act(index=index, signing_key=key, replaces=second)
    manifests = [json.loads((Path(path) / "manifest.json").read_text()) for path in (first, second)]
    assert manifests[0]["history"] == {"image": head, "runs": None} and manifests[1]["history"]["runs"]["entries"] == 2
    entries = chain.entries(Path(index).read_bytes())
    assert [entry["run"] for entry in entries] == ["host/run", "host/run-2", "host/run-2"]
    trust = Trust(allowed_signers=str(tmp_path / "allowed"))
    found = history.verify(index, str(tmp_path), trust)
    assert (found.problems, found.examination.confirmed) == ([], 3)
    assert verify(second, trust).problems == []


def test_check_mode_and_a_run_without_an_index_touch_none(act, tmp_path):
    act(check_mode=True, index=str(tmp_path / "runs.jsonl"))
    act()
    assert os.listdir(tmp_path) == ["host"]


def test_evidence_elsewhere_than_below_its_index_is_refused(act, tmp_path):
    with pytest.raises(AnsibleError, match="is not below .*/other, where the index of runs lies: choose another index"):
        act(index=str(tmp_path / "other/runs.jsonl"))
    assert not (tmp_path / "host/run").exists()


def test_evidence_that_cannot_be_signed_is_not_in_the_index(act, tmp_path):
    with pytest.raises(AnsibleError, match="the evidence cannot be signed, so it is not written"):
        act(index=str(tmp_path / "runs.jsonl"), signing_key="/nowhere")
    assert not (tmp_path / "runs.jsonl").exists()


def test_what_makes_up_the_image_is_evidence_with_its_root(act):
    image = System()
    result = act(records=[record("a")], image_manifest=pieces.packed(json.dumps(image.sent()).encode()))
    path = Path(result["path"])
    manifest = json.loads((path / "manifest.json").read_text())
    kept = parsed((path / "image_manifest.json").read_bytes())
    assert manifest["image_root"] == kept.root == image.manifest().root
    assert (kept.groups, kept.categories) == (image.manifest().groups, image.manifest().categories)
    assert "image_manifest.json" in manifest["files"]


def test_without_a_boot_there_is_no_manifest_of_the_image(act):
    path = Path(act(records=[record("a")])["path"])
    assert json.loads((path / "manifest.json").read_text())["image_root"] is None and not (path / "image_manifest.json").exists()


def test_a_manifest_of_the_image_that_is_none_is_refused(act):
    with pytest.raises(AnsibleError, match="the manifest of the image cannot be used: it is damaged"):
        act(records=[record("a")], image_manifest=["x"])
