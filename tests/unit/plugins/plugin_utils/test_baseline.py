# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collection's own policy, held to what it promises."""

from __future__ import annotations

import glob
import json
import os
import re

import jsonschema
import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import by_kind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.all import WINDOWS_KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.families import LINUX, WINDOWS, family_of

CATALOGUE = Catalogue(strict=True)
CONTROLS = list(CATALOGUE.controls.values())


def names(controls):
    return {control["id"] for control in controls}


LINUX_CONTROLS = names(control for control in CONTROLS if family_of(control) == LINUX)


@pytest.mark.parametrize("path", sorted(glob.glob(f"{schema.DIRECTORY}/*.json")), ids=os.path.basename)
def test_every_schema_is_one(path):
    with open(path, encoding="utf-8") as stream:
        jsonschema.Draft202012Validator.check_schema(json.load(stream))


# Areas that are for some machines only, each with the profiles that have them.
SPECIAL = {"seal": {"sealed"}, "imaging": {"imaging-appliance"}, "ai": {"ai-workload"}, "malware": {"nprm-2025"}, "portable": {"portable"}}


def test_the_strict_profile_has_all_controls_but_those_for_special_machines():
    special = {name for name, control in CATALOGUE.controls.items() if control["area"] in SPECIAL}
    assert names(CATALOGUE.resolve("strict")) == LINUX_CONTROLS - special


def test_a_control_is_for_one_family_and_has_the_kinds_of_that():
    for control in CONTROLS:
        windows = {kind.startswith("windows_") for settings in (control["settings"], *control["variants"].values()) for kind in settings}
        assert windows == {family_of(control) == WINDOWS}, control["id"]
        assert (control["area"] == "windows") == (family_of(control) == WINDOWS), control["id"]


@pytest.mark.parametrize("profile", ["hipaa", "cis-level1", "cis-level2", "imaging-appliance", "strict"])
def test_a_profile_has_controls_for_windows_that_fit_together(profile):
    controls = CATALOGUE.resolve(profile, family=WINDOWS)
    assert len(controls) >= 15 and not names(controls) & LINUX_CONTROLS
    assert by_kind(map(Control.load, controls), WINDOWS_KINDS)


def test_the_default_profile_leaves_out_little_and_nothing_severe():
    left_out = names(CATALOGUE.resolve("strict")) - names(CATALOGUE.resolve("hipaa"))
    assert 0 < len(left_out) < 30
    assert {CATALOGUE.controls[name]["severity"] for name in left_out} <= {"low", "medium"}


@pytest.mark.parametrize("profile", ["hipaa", "imaging-appliance", "ai-workload"])
@pytest.mark.parametrize("needed", ["kernel-no-nfs-client", "kernel-no-overlay", "kernel-panic-on-oops", "package-automatic-updates"])
def test_what_clinical_applications_need_stays(profile, needed):
    assert needed not in names(CATALOGUE.resolve(profile))


@pytest.mark.parametrize("area", SPECIAL)
def test_controls_for_special_machines_are_in_their_own_profiles_alone(area):
    members = {name for name, control in CATALOGUE.controls.items() if control["area"] == area}
    having = {profile for profile in CATALOGUE.profiles if members & names(CATALOGUE.resolve(profile))}
    assert members and having == SPECIAL[area]
    assert all(members <= names(CATALOGUE.resolve(profile)) for profile in having)


def test_the_second_cis_level_holds_the_first():
    assert names(CATALOGUE.resolve("cis-level1")) < names(CATALOGUE.resolve("cis-level2"))


def test_the_cis_profiles_have_every_control_that_cites_the_benchmarks():
    cited = {name for name, control in CATALOGUE.controls.items() if {"cis_debian12", "cis_debian13"} & control["references"].keys()}
    assert cited <= names(CATALOGUE.resolve("cis-level2"))


def test_the_default_profile_is_a_whole_baseline():
    assert len(CATALOGUE.resolve("hipaa")) >= 250


@pytest.mark.parametrize("profile", CATALOGUE.profiles)
def test_a_profile_can_be_enforced_in_one_call(profile):
    """On a system that has everything, and on one that has nothing of what a control is for systems without."""
    controls = [Control.load(control) for control in CATALOGUE.resolve(profile)]
    lacking = [control for control in controls if control.applies_to.get("without")]
    by_kind([control for control in controls if control not in lacking])
    by_kind([control for control in controls if not any(each.excludes(control) for each in lacking)])


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["id"])
def test_a_control_cites_both_rules_and_says_why(control):
    assert control["references"]["nist_800_53"] and control["references"]["hipaa"]
    headings = CATALOGUE.frameworks["nist_800_53"]["citations"]
    assert [citation for citation in control["references"]["nist_800_53"] if citation not in headings] == []
    assert control["rationale"].rstrip().endswith(".")
    assert not control["title"].endswith(".")


@pytest.mark.parametrize("check", CATALOGUE.checks.values(), ids=lambda check: check["id"])
def test_a_check_cites_nist_by_its_headings_and_says_why(check):
    headings = CATALOGUE.frameworks["nist_800_53"]["citations"]
    assert check["references"]["nist_800_53"]
    assert [citation for citation in check["references"]["nist_800_53"] if citation not in headings] == []
    assert check["rationale"].rstrip().endswith(".") and not check["title"].endswith(".")


@pytest.mark.parametrize("name", ["hipaa", "hph_cpg", "nprm_2025"])
def test_a_citation_of_a_rule_says_what_leads_to_it_or_why_no_system_can_show_it(name):
    nist = CATALOGUE.frameworks["nist_800_53"]
    for citation, entry in CATALOGUE.frameworks[name]["citations"].items():
        assert ("out_of_reach" in entry) != ("through" in entry), citation
        assert ("shows" in entry) == ("through" in entry), citation
        assert all(re.match(nist["pattern"], control) for control in entry.get("through", [])), citation


def test_every_text_about_the_proposed_rule_says_that_it_is_proposed():
    framework, profile = CATALOGUE.frameworks["nprm_2025"], CATALOGUE.profiles["nprm-2025"]
    assert "proposed" in framework["title"] and "not yet adopted" in framework["source"]
    assert "not law" in profile["description"]
    assert all(entry["title"].startswith("Proposed: ") for entry in framework["citations"].values())


def settings(profile, name):
    return next(control["settings"] for control in CATALOGUE.resolve(profile) if control["id"] == name)


def test_an_imaging_appliance_listens_for_images_and_restarts_nothing_by_itself():
    ports = settings("imaging-appliance", "boot-listening-ports")["system_state"]["listening_ports"]
    assert {"104/tcp", "11112/tcp", "2575/tcp"} <= set(ports)
    assert not {"package-automatic-updates", "kernel-panic-on-oops"} & names(CATALOGUE.resolve("imaging-appliance"))


def test_an_ai_node_runs_containers_and_compiled_programs():
    assert not {"kernel-no-overlay", "kernel-user-namespaces", "package-compilers"} & names(CATALOGUE.resolve("ai-workload"))
    directories = {**settings("ai-workload", "mount-dev-shm")["mount"], **settings("ai-workload", "mount-tmp")["mount"]}
    assert all("noexec" not in wanted["options"] for wanted in directories.values()) and len(directories) == 3


def test_the_proposed_rule_is_stricter_than_the_baseline():
    def strictness(profile):
        lockout, timeout = settings(profile, "account-lockout")["pam"], settings(profile, "account-session-timeout")["shell_profile"]
        return [-lockout["faillock.deny"], lockout["faillock.unlock_time"], -timeout["TMOUT"]]

    assert all(mine > theirs for mine, theirs in zip(strictness("nprm-2025"), strictness("hipaa")))
    assert "malware-scanner" in names(CATALOGUE.resolve("nprm-2025"))
