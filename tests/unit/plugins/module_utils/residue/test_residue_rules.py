# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collection's rules, each held to its own examples."""

from __future__ import annotations

import glob

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE, Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.residue_rules import SOMEWHERE, content

RESIDUE = Catalogue().residue
EXAMPLES = [
    pytest.param(rule, kind, example, id=f"{rule['id']}-{kind}-{number}")
    for rule in RESIDUE.values()
    for kind in ("bad", "good")
    for number, example in enumerate(rule["examples"][kind], 1)
]
# Whose samples are made by the programs themselves, in the tests of the detectors.
MADE_BY_PROGRAMS = {"residue-sqlite"}


@pytest.mark.parametrize(("rule", "kind", "example"), EXAMPLES)
def test_a_rule_finds_its_bad_examples_and_no_good_one(found, rule, kind, example):
    path = example.get("path", SOMEWHERE) if isinstance(example, dict) else SOMEWHERE
    assert (rule["id"] in found(content(example), path)) == (kind == "bad")


def test_each_rule_has_examples_of_both_kinds():
    lacking = {name for name, rule in RESIDUE.items() if not all(rule["examples"].values())}
    assert lacking == MADE_BY_PROGRAMS


@pytest.mark.parametrize("path", sorted(glob.glob(f"{BASELINE}/residue/*.yml")))
def test_the_files_of_the_rules_are_no_find_themselves(found, path):
    with open(path, "rb") as stream:
        assert found(stream.read(), path) == set()


def test_keys_and_patients_stop_a_promotion():
    severe = {name for name, rule in RESIDUE.items() if rule["severity"] == "critical"}
    assert {"residue-private-key", "residue-dicom", "residue-hl7", "residue-fhir-json", "residue-x12", "residue-sql"} <= severe


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"id": "residue-own", "literals": ["x"], "detector": "dicomm"}, "there is no detector dicomm; known are clinical_document,"),
        ({"id": "residue-own", "literals": ["x"], "patterns": ["("]}, "a pattern cannot be used"),
    ],
)
def test_a_rule_that_cannot_be_used_is_reported(entry, said):
    with pytest.raises(BadSetting, match=said):
        rules.load([entry])


def test_a_pattern_may_begin_before_its_literal(found):
    rule = {"id": "residue-own", "literals": ["=secret"], "before": 10, "patterns": ["[a-z]+=secret"]}
    assert found(b"x name=secret", wanted=rules.load([rule])) == {"residue-own"}
    assert found(b"x 123=secret", wanted=rules.load([rule])) == set()


def test_a_pattern_of_a_site_that_never_ends_is_ended(found, monkeypatch):
    rule = {"id": "residue-own", "literals": ["aaaa"], "patterns": ["(a+)+$"], "limited": True}
    monkeypatch.setattr("ansible_collections.hygeia.golden.plugins.module_utils.residue.content.LIMIT", 0.5)
    assert found(b"a" * 64 + b"!", wanted=rules.load([rule])) == set()
    rule["patterns"] = ["a{4}"]
    assert found(b"aaaa", wanted=rules.load([rule])) == {"residue-own"}
