# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.validation import validated

CONTROL = """
    - id: site-panic
      title: The kernel reboots after a panic
      severity: low
      level: 1
      rationale: A monitor that stays dark helps nobody.
      impact: The server restarts by itself after a crash.
      settings:
        package: {kexec-tools: present}
      references: {hipaa: ["164.312(b)"]}
"""
PROFILE = """
    id: site
    title: Site
    description: Ours.
    extends: base
    controls: [site-*]
"""


@pytest.fixture
def answer(baseline, directory, monkeypatch, tmp_path):
    """What is said of a policy with these files."""
    monkeypatch.chdir(tmp_path)

    def say(**files):
        texts = {name.replace("__", "/") + ".yml": text for name, text in files.items()}
        return validated([directory("policy", texts)], "2026-10-09", baseline)

    return say


def test_a_sound_policy_is_counted_and_not_complained_of(answer):
    assert answer(controls__own=CONTROL, profiles__own=PROFILE) == {
        "errors": [],
        "warnings": [],
        "controls": ["site-panic"],
        "checks": [],
        "agents": [],
        "platforms": [],
        "tenants": [],
        "residue": [],
        "drift": [],
        "profiles": ["site"],
        "frameworks": [],
        "waivers": 0,
    }


def test_a_value_that_no_kind_could_write_is_a_mistake_in_a_control(answer):
    said = answer(controls__own=CONTROL.replace("present", "presnt"), profiles__own=PROFILE)
    assert said["errors"] == [
        "policy/controls/own.yml:1: control site-panic: package kexec-tools can be present or absent, not presnt; no host could have this."
    ]


def test_a_value_that_no_kind_could_write_is_a_mistake_in_a_variant_too(answer):
    variant = "variants: {rhel: {package: {kexec-tools: gone}}}\n      references"
    said = answer(controls__own=CONTROL.replace("references", variant), profiles__own=PROFILE)
    assert len(said["errors"]) == 1


def test_a_value_that_no_kind_could_write_is_a_mistake_in_a_profile(answer):
    said = answer(controls__own=CONTROL, profiles__own=PROFILE + "    set: {site-panic: {package: {kexec-tools: gone}}}\n")
    assert said["errors"] == [
        "policy/profiles/own.yml: profile site: set: site-panic: package kexec-tools can be present or absent, not gone; "
        "no host could have this."
    ]


def test_all_mistakes_of_all_files_are_reported_at_once(answer):
    said = answer(
        controls__own=CONTROL.replace("present", "presnt"),
        controls__other=CONTROL.replace("severity: low", "severity: hihg").replace("site-panic", "site-calm"),
        profiles__own=PROFILE.replace("base", "bsae"),
        waivers__own="- {control: site-panick, hosts: '*', reason: r, approver: a, until: 2026-12-31}",
    )
    assert len(said["errors"]) == 4


def test_what_works_and_may_not_be_meant_is_a_remark(answer):
    said = answer(controls__own=CONTROL, waivers__own="- {control: site-panic, hosts: 'pacs-*', reason: r, approver: a, until: 2026-10-08}")
    assert said["errors"] == []
    assert said["warnings"] == [
        "No profile has the control site-panic, so nothing ever looks at it; add it to a profile's controls.",
        "policy/waivers/own.yml:1: the waiver of site-panic for pacs-* ended on 2026-10-08; apply the control, or have the waiver approved again.",
    ]


def test_a_directory_that_is_not_there_is_a_mistake(baseline):
    assert "is not a directory" in validated(["/nowhere/at/all"], "2026-10-09", baseline)["errors"][0]
