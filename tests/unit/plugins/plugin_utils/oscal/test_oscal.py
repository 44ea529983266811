# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documents of OSCAL, read by compliance-trestle, which validates every field by NIST's models."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible.errors import AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.lookup import oscal

MODELS = {
    "assessment-results": "assessment_results",
    "plan-of-action-and-milestones": "poam",
    "component-definition": "component",
    "profile": "profile",
}
WAIVER = {"reason": "The scanner\nneeds it", "approver": "A. Meier", "until": "2027-01-31", "expired": False}


def record(control, status, stage="offline", **known):
    return {
        "control": control,
        "title": f"Title of {control}",
        "severity": "high",
        "level": 1,
        "origin": "hygeia.golden",
        "host": "web",
        "stage": stage,
        "status": status,
        "expected": {"PermitRootLogin": "no"},
        "observed": None,
        "read_from": "/etc/ssh/sshd_config\n",
        "message": "",
        "waiver": None,
        "references": {"nist_800_53": ["AC-6(2)", "IA-2"]},
        **known,
    }


RECORDS = [
    record("ssh-root-login", "pass"),
    record("ssh-root-login", "fail", "boot", message="sshd -T says yes"),
    record("ssh-banner", "pass", references={}),
    record("audit-running", "error"),
    record("log-forwarding", "waived", waiver=WAIVER),
    record("network-time", "not_checked"),
    record("usb-storage", "not_applicable"),
    record("2-odd *", "pass"),
    record("xccdf_rule", "fail", origin="openscap"),
]


@pytest.fixture
def lookup(monkeypatch):
    """Call the lookup with options as a template would."""
    defaults = {name: option.get("default") for name, option in yaml.safe_load(oscal.DOCUMENTATION)["options"].items()}
    monkeypatch.setattr(oscal.LookupModule, "set_options", lambda self, var_options, direct: vars(self).update(given=direct))
    monkeypatch.setattr(oscal.LookupModule, "get_option", lambda self, name: self.given.get(name, defaults[name]))
    return lambda models, **options: oscal.LookupModule().run(models, **options)


@pytest.fixture
def export(tmp_path, lookup):
    """The documents of a run with these records, or of a profile."""

    def run(*models, records=RECORDS, ended="2026-11-09T12:04:10Z", **options):
        manifest = {
            "host": "web",
            "started": "2026-11-09T12:00:00Z",
            "ended": ended,
            "profile": {"id": "hipaa"},
            "verdict": {"text": "Refused."},
            "generator": {"version": "0.1.0"},
        }
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        (tmp_path / "results.json").write_text(json.dumps({"records": records}))
        return lookup(list(models), **{"evidence": str(tmp_path), "profile": "hipaa", **options})

    return run


def validated(model, document):
    """The document as NIST's model of that name reads it."""
    module = pytest.importorskip(f"trestle.oscal.{MODELS[model]}")
    return module.Model.model_validate_json(json.dumps(document))


@pytest.mark.parametrize("model", MODELS)
def test_a_document_is_valid(export, model):
    (document,) = export(model)
    validated(model, document)
    assert document[model]["metadata"]["oscal-version"] == "1.2.1"


def test_each_status_stays_apart(export):
    (document,) = export("assessment-results")
    result = document["assessment-results"]["results"][0]
    conclusions = {
        finding["target"]["target-id"]: (finding["target"]["status"]["state"], finding["props"][0]["value"])
        for finding in result["findings"]
    }
    assert conclusions == {
        "ssh-root-login": ("not-satisfied", "fail"),
        "ssh-banner": ("satisfied", "pass"),
        "audit-running": ("not-satisfied", "error"),
        "log-forwarding": ("not-satisfied", "waived"),
        "_2-odd-": ("satisfied", "pass"),
    }
    statuses = [prop["value"] for each in result["observations"] for prop in each["props"] if prop["name"] == "status"]
    assert statuses == [each["status"] for each in RECORDS[:-1]]
    risks = {risk["props"][0]["value"]: (risk["status"], risk.get("deadline")) for risk in result["risks"]}
    assert risks == {
        "ssh-root-login": ("open", None),
        "audit-running": ("open", None),
        "log-forwarding": ("deviation-approved", "2027-01-31T00:00:00Z"),
    }
    selected = result["reviewed-controls"]["control-selections"][0]["include-controls"]
    assert selected == [{"control-id": "ac-6.2"}, {"control-id": "ia-2"}]


def test_identifiers_are_those_of_the_run_before(export):
    (first,) = export("assessment-results")
    assert export("assessment-results") == [first]
    (later,) = export("assessment-results", ended="2026-12-09T12:04:10Z")
    for part in ("observations", "findings", "risks"):
        assert [each["uuid"] for each in first["assessment-results"]["results"][0][part]] == [
            each["uuid"] for each in later["assessment-results"]["results"][0][part]
        ]
    assert first["assessment-results"]["results"][0]["uuid"] != later["assessment-results"]["results"][0]["uuid"]


def test_every_identifier_is_of_one_thing(export):
    for document in export(*MODELS, records=[*RECORDS, *RECORDS[:1]]):
        found = [value for key, value in _pairs(document) if key == "uuid"]
        assert len(found) == len(set(found)) > 0


def test_a_reference_leads_to_what_is_there(export):
    for document in export("assessment-results", "plan-of-action-and-milestones"):
        known = {value for key, value in _pairs(document) if key == "uuid"}
        referred = {value for key, value in _pairs(document) if key.endswith("-uuid")}
        assert referred and referred <= known


def _pairs(node):
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, (dict, list)):
            yield from _pairs(value)
        else:
            yield str(key), value


def test_without_failures_there_is_no_plan(export):
    assert export("plan-of-action-and-milestones", records=RECORDS[2:3]) == [{}]


def test_without_citations_all_controls_are_selected(export):
    (document,) = export("assessment-results", records=RECORDS[2:3])
    assert document["assessment-results"]["results"][0]["reviewed-controls"]["control-selections"] == [{"include-all": {}}]
    validated("assessment-results", document)


def test_the_definition_names_the_controls_behind_each_of_nists(export):
    (document,) = export("component-definition", modified="2026-11-09T00:00:00Z")
    (component,) = document["component-definition"]["components"]
    (implementation,) = component["control-implementations"]
    behind = {each["control-id"]: {prop["value"] for prop in each["props"]} for each in implementation["implemented-requirements"]}
    assert "ssh-root-login" in behind["ac-6.2"]
    (profile,) = export("profile")
    assert profile["profile"]["imports"][0]["include-controls"][0]["with-ids"] == list(behind)


@pytest.mark.parametrize(
    ("models", "options", "sentence"),
    [
        (["ssp"], {}, "ssp is not a model; use assessment-results"),
        ([], {}, "nothing is not a model"),
        (["assessment-results"], {"evidence": ""}, "assessment-results needs the option evidence"),
        (["profile"], {"profile": ""}, "profile needs the option profile"),
        (["profile"], {"profile": "nosuch"}, "nosuch"),
        (["assessment-results"], {"evidence": "/nowhere"}, "/nowhere/manifest.json cannot be read"),
        (["assessment-results"], {"records": None}, "is not the evidence of a run"),
    ],
)
def test_a_mistake_is_one_sentence(export, models, options, sentence):
    with pytest.raises(AnsibleLookupError, match=sentence):
        export(*models, **options)


def test_damaged_evidence_is_named(export, lookup, tmp_path):
    export("assessment-results")
    (tmp_path / "results.json").write_text("[" * 100_000)
    with pytest.raises(AnsibleLookupError, match="results.json is not JSON"):
        lookup(["assessment-results"], evidence=str(tmp_path))


def test_the_documentation_names_every_model():
    assert all(model in oscal.DOCUMENTATION for model in MODELS)
