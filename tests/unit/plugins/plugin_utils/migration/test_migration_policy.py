# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import policy
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError


def test_a_part_of_a_policy_has_the_defaults_of_the_rest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.yml").write_text("waves: {start: 2027-01-09, most_tier_1: 2}\n")
    found = policy.read("site.yml")
    assert found["waves"]["start"] == "2027-01-09" and found["waves"]["most_tier_1"] == 2 and found["waves"]["weekdays"] == ["sat", "sun"]
    assert found["sizing"] == policy.DEFAULTS["sizing"] and policy.read(None) == policy.DEFAULTS
    (tmp_path / "empty.yml").write_text("# nothing yet\n")
    assert policy.read("empty.yml") == policy.DEFAULTS


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wave: {}", "site.yml: migration has a field wave that means nothing; did you mean waves."),
        ("waves: {start: soon}", "site.yml: waves: start is 'soon'; write a day such as"),
        ("waves: {start: 2027-02-01, end: 2027-01-01}", "site.yml: waves: end: 2027-01-01 is before the start; write a later day."),
        ("waves: {weekdays: [saturday]}", "site.yml: waves: weekdays: number 1 is 'saturday'; use mon, tue"),
        ("waves: {freeze: [{from: 2027-02-01, to: 2027-01-01, reason: x}]}", "site.yml: waves: freeze: number 1: to: 2027-01-01 is before"),
        ("dependencies: {services: [{name: x}]}", "site.yml: dependencies: services: number 1: it has neither machines nor ports"),
        ("sizing: {comfort: 0.5}", "site.yml: sizing: comfort is 0.5; write the factor by which"),
        ("sizing: {host: {cores: 64}}", "site.yml: sizing: host has no memory_gib; add one."),
        (
            "zones: {clinical: [10.20.0.1/16]}",
            "site.yml: zones: clinical: 10.20.0.1/16 is not a valid network; write one such as 10.20.0.0/16.",
        ),
        ("[]", "site.yml: migration is a list; write a mapping with what a site decides about a migration."),
    ],
)
def test_whatever_is_wrong_is_one_sentence(tmp_path, monkeypatch, text, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.yml").write_text(text)
    with pytest.raises(PolicyError) as caught:
        policy.read("site.yml")
    assert str(caught.value).startswith(sentence)
