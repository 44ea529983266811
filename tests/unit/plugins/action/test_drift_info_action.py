# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reference comes from verified evidence, and whatever the machine answers is data."""

from __future__ import annotations

import base64
import hashlib
import json
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from ansible_collections.hygeia.golden.plugins.action import drift_info
from ansible_collections.hygeia.golden.plugins.module_utils.system import release
from ansible_collections.hygeia.golden.plugins.module_utils.util import pieces
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from drift_samples import IMAGE, System

SHA256 = "c" * 64
CHECKS = [{**check, "waiver": None} for check in Catalogue().checks.values()]


@pytest.fixture
def evidence(tmp_path):
    """The evidence of a promotion, as the collection writes it."""
    path = tmp_path / "evidence" / IMAGE["evidence"]
    path.mkdir(parents=True)

    def write(outcome="promoted", manifest=None, **more):
        files = {"image_manifest.json": manifest if manifest is not None else System().manifest().text}
        record = {"control": "a", "status": "pass", "origin": "hygeia.golden", "title": "A", "severity": "high"}
        files["results.json"] = json.dumps({"records": [record]})
        for name, text in files.items():
            (path / name).write_text(text)
        known = {
            "ended": "2026-11-01T00:10:00Z",
            "verdict": {"outcome": outcome},
            "image": {"sha256": SHA256},
            "files": {name: {"sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in files.items()},
            **more,
        }
        (path / "manifest.json").write_text(json.dumps(known))
        return path

    return write


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Run the action on a machine that answers so."""

    def run(system=None, image=IMAGE, answer=None, said=None, **arguments):
        arguments = {"evidence_dir": str(tmp_path / "evidence"), "checks": CHECKS, "today": "2026-11-30", **arguments}
        task = SimpleNamespace(args=arguments, check_mode=False, async_val=0, action="drift_info", diff=False)
        action = drift_info.ActionModule(
            task, SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)), SimpleNamespace(check_mode=False), None, None, None
        )
        text = base64.b64encode(release.written(image).encode()).decode()
        monkeypatch.setattr(action, "asked_by_ansible", lambda *unused: said or {"content": text})

        def asked(unused_module, sent, unused_variables):
            return answer or {"manifest": pieces.packed(json.dumps((system or System()).sent(sent["known"])).encode())}

        monkeypatch.setattr(action, "asked", asked)
        found = action.run(task_vars={"inventory_hostname": "web1"})
        return {**found, "records": entries(found["records"])}

    return run


def unchecked(found, sentence):
    assert found["compared"] is False and {entry["status"] for entry in found["records"]} == {"not_checked"}
    assert sentence in found["reason"] and sentence in found["records"][0]["message"]
    assert len(found["records"]) == 17


def test_a_machine_that_is_its_image_differs_in_nothing(ask, evidence):
    path = evidence()
    found = ask()
    assert (found["compared"], found["differences"], found["reference"]) == (True, 0, str(path))
    assert (found["image_sha256"], found["controls"], found["image"]["id"]) == (SHA256, {"a": "pass"}, "web")
    assert {entry["status"] for entry in found["records"]} == {"pass"}


def test_what_differs_is_counted_by_class(ask, evidence):
    evidence()
    machine = System()
    machine.file("/etc", "/etc/x")
    found = ask(machine, max_differences=1, max_days=7)
    assert (found["differences"], found["classes"]) == (1, {"patch": 0, "site": 0, "application": 0, "unexplained": 1})
    advice = next(entry for entry in found["records"] if entry["control"] == "drift-age")
    assert advice["message"] == "make the machine anew from a patched image: the last patch is 29 days old"


def test_a_machine_that_does_not_answer_was_not_compared(ask, evidence):
    evidence()
    unchecked(ask(said={"unreachable": True, "msg": "no route to host"}), "the machine does not answer: no route to host")
    unchecked(ask(answer={"unreachable": True, "msg": "gone"}), "the machine does not answer: gone")
    unchecked(ask(answer={"failed": True, "msg": "no Python"}), "the machine could not be read: no Python")


@pytest.mark.parametrize("packed", [["x"], pieces.packed(b"[]"), pieces.packed(b'{"schema": 1, "files": 3}')])
def test_an_answer_that_is_no_manifest_was_not_compared(ask, evidence, packed):
    evidence()
    unchecked(ask(answer={"manifest": packed}), "what the machine answered is no manifest")


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ({}, "its image does not name its evidence"),
        ({**IMAGE, "evidence": "../web/20261101T000000Z"}, "its image does not name its evidence"),
        ({**IMAGE, "evidence": "web/20261102T000000Z"}, "there is no evidence"),
        ({**IMAGE, "version": "2"}, "the machine says that it came from another image than the evidence"),
    ],
)
def test_the_machine_does_not_choose_what_it_is_compared_with(ask, evidence, image, sentence):
    evidence()
    found = ask(image=image)
    assert found["compared"] is False and (sentence in found["reason"] or "no /etc/image-release" in found["reason"])


def test_a_system_without_an_image_was_not_compared(ask):
    unchecked(ask(said={"failed": True, "msg": "not found"}), "it has no /etc/image-release of this collection")


def test_evidence_that_was_changed_is_no_reference(ask, evidence):
    path = evidence()
    (path / "image_manifest.json").write_text("{}")
    unchecked(ask(), "does not verify: image_manifest.json differs from the one that manifest.json lists")


@pytest.mark.parametrize(
    ("how", "arguments", "sentence"),
    [
        ({"outcome": "refused"}, {}, "is of a run that ended as refused, not of a promotion"),
        ({}, {"image_sha256": "d" * 64}, "is of the image with the SHA-256 ccc"),
        ({}, {"allowed_signers": "/etc/hygeia/signers"}, "manifest.json is not signed"),
        ({"manifest": "{}"}, {}, "it is not of schema 1"),
        ({"files": {}}, {}, "is not listed in manifest.json"),
    ],
)
def test_only_the_evidence_of_a_promotion_is_a_reference(ask, evidence, how, arguments, sentence):
    evidence(**how)
    unchecked(ask(**arguments), sentence)


def test_evidence_without_a_manifest_of_the_image_says_why(ask, evidence):
    path = evidence()
    known = json.loads((path / "manifest.json").read_text())
    del known["files"]["image_manifest.json"]
    (path / "image_manifest.json").unlink()
    (path / "manifest.json").write_text(json.dumps(known))
    unchecked(ask(), "the image was promoted without a boot, or by an earlier release")


def test_the_evidence_can_be_named(ask, evidence):
    path = evidence()
    assert ask(reference=str(path))["compared"] is True


def test_missing_checks_are_a_mistake_of_the_play(ask, evidence):
    evidence()
    with pytest.raises(AnsibleError, match="there is no control and no check drift-"):
        ask(checks=CHECKS[:1])
