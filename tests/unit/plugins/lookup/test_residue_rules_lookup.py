# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.lookup import residue_rules

RULE = """
- id: residue-study-number
  title: No number of a participant in a study is left behind
  severity: critical
  rationale: With this number and its list a participant is known.
  literals: [ONCO-]
  patterns: ['ONCO-[0-9]{6}']
  examples: {bad: [number ONCO-123456], good: [ONCO-LOGY]}
  references: {nist_800_53: [MP-6]}
"""


@pytest.fixture
def query(monkeypatch):
    """Call the lookup with options as a template would."""
    monkeypatch.setattr(residue_rules.LookupModule, "set_options", lambda self, var_options, direct: vars(self).update(given=direct))
    monkeypatch.setattr(residue_rules.LookupModule, "get_option", lambda self, name: self.given.get(name, []))
    return lambda *terms, **options: residue_rules.LookupModule().run(list(terms), **options)


@pytest.fixture
def policy(tmp_path):
    def write(text):
        (tmp_path / "residue").mkdir(exist_ok=True)
        (tmp_path / "residue/own.yml").write_text(text, encoding="utf-8")
        return [str(tmp_path)]

    return write


def test_only_what_a_host_needs_travels(query):
    (rule,) = query("residue-dicom")
    assert rule["detector"] == "dicom" and not {"examples", "rationale", "references", "severity"} & rule.keys()


def test_a_site_adds_its_own_and_its_patterns_run_with_a_limit(query, policy):
    (rule,) = query("residue-study-number", policy=policy(RULE))
    assert rule["limited"] is True
    assert not any(each["limited"] for each in query())


def test_a_rule_that_is_not_known_is_a_mistake(query):
    with pytest.raises(AnsibleLookupError, match="there is no rule residue-dcm; known are residue-"):
        query("residue-dcm")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("good: [ONCO-LOGY]", "good: [ONCO-123456]", "examples: good: number 1 is found; correct the rule or the example"),
        ("bad: [number ONCO-123456]", "bad: [ONCO-12]", "examples: bad: number 1 is not found"),
        ("  literals: [ONCO-]\n", "", "rule residue-study-number: it has patterns and no literals; name texts of which one"),
        ("  patterns: ['ONCO-[0-9]{6}']\n", "", "it has no patterns, no detector and no names, so it finds nothing"),
        ("  patterns:", "  detector: dicom\n  patterns:", "it has patterns and a detector; leave one out"),
        ("ONCO-[0-9]{6}", "(", "patterns: number 1 is '('; write a regular expression"),
        ("severity: critical", "severity: grave", "severity is 'grave'; use low, medium, high or critical"),
        ("id: residue-study-number", "id: study-number", "id is 'study-number'; write residue- and lower-case words"),
        ("id: residue-study-number", "id: residue-dicom", "check residue-dicom is in"),
        ("nist_800_53: [MP-6]", "nist_800_53: [M6]", "M6 is not a citation"),
    ],
)
def test_a_mistake_in_a_rule_is_reported(query, policy, before, after, said):
    with pytest.raises(AnsibleLookupError) as message:
        query(policy=policy(RULE.replace(before, after)))
    assert said in str(message.value)
