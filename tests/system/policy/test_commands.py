# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commands about a policy, as somebody who installed the collection runs them."""

from __future__ import annotations

import subprocess

import pytest
import yaml

PROFILE = {
    "id": "site",
    "title": "Site",
    "description": "Ours.",
    "extends": "hipaa",
    "remove": ["ssh-banner"],
    "set": {"ssh-attempts": {"sshd": {"MaxAuthTries": 2}}},
}


@pytest.fixture
def policy(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "waivers").mkdir()

    def write(profile, waivers=()):
        (tmp_path / "profiles/site.yml").write_text(yaml.safe_dump(profile))
        (tmp_path / "waivers/site.yml").write_text(yaml.safe_dump(list(waivers)))
        return tmp_path

    return write


def command(playbook, *variables):
    arguments = [word for variable in variables for word in ("-e", variable)]
    done = subprocess.run(["ansible-playbook", f"hygeia.golden.{playbook}", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_sound_policy_can_be_used(policy):
    code, output = command("validate_policy", f"policy={policy(PROFILE)}")
    assert code == 0 and "The policy can be used." in output


def test_a_policy_with_mistakes_is_refused_with_all_of_them(policy):
    wrong = {"ssh-attempts": {"sshd": {"MaxAuthTires": 2}}, "kernel-no-usb-storage": {"kernel_module": {"usb-storage": "off"}}}
    code, output = command("validate_policy", f"policy={policy({**PROFILE, 'set': wrong})}")
    assert code != 0
    assert "the control has no setting sshd: MaxAuthTires; did you mean MaxAuthTries." in output
    assert "usb-storage can only be disabled, not off" in output


def test_a_waiver_that_has_ended_is_remarked_on_and_fails_when_that_is_asked_for(policy):
    waiver = {"control": "ssh-attempts", "hosts": "*", "reason": "r", "approver": "a", "until": "2020-01-01"}
    directory = policy(PROFILE, [waiver])
    code, output = command("validate_policy", f"policy={directory}")
    assert code == 0 and "the waiver of ssh-attempts for * ended on 2020-01-01" in output
    assert command("validate_policy", f"policy={directory}", "strict=true")[0] != 0


def test_a_directory_that_nobody_named_is_asked_for():
    code, output = command("validate_policy")
    assert code != 0 and "Specify the directory to check: -e policy=DIRECTORY" in output


def test_two_profiles_are_compared(policy):
    code, output = command("compare_profiles", "one=hipaa", "other=site", f"policy={policy(PROFILE)}")
    assert code == 0
    assert "ssh-banner: Set Banner" in output
    assert "Nothing is only in site." in output
    assert "ssh-attempts: sshd: MaxAuthTries: 4 in hipaa, 2 in site" in output


def test_a_profile_that_there_is_not_is_reported():
    code, output = command("compare_profiles", "one=hipaa", "other=cis-level3")
    assert code != 0 and "there is no profile cis-level3; did you mean cis-level" in output
