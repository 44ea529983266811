# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.filter.not_booted import not_booted
from ansible_collections.hygeia.golden.plugins.filter.verdict import verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import joined
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.score import score


def record(status, severity="high", origin="hygeia.golden", control="ssh-root-login"):
    return {"control": control, "status": status, "severity": severity, "origin": origin}


@pytest.mark.parametrize(
    "records,known,promote,state,text",
    [
        ([record("pass")], {}, True, "passed", "No control of severity high or above failed"),
        ([record("waived")], {}, True, "passed", "No control of severity high or above failed"),
        ([record("fail", "medium")], {}, True, "passed", "No control of severity high or above failed"),
        ([record("fail")], {}, False, "refused", "One control of severity high or above failed"),
        ([record("error"), record("fail", control="b")], {}, False, "refused", "2 controls of severity high or above failed"),
        ([], {}, False, "unverified", "Nothing was verified"),
        ([record("not_checked"), record("not_applicable")], {}, False, "unverified", "Nothing was verified"),
        ([record("pass", origin="openscap")], {"origins": ["openscap"]}, False, "unverified", "Nothing was verified"),
        ([record("pass"), record("fail", origin="openscap")], {}, True, "passed", "No control of severity high or above failed"),
        ([record("pass")], {"boot_skipped": True}, True, "passed", "No control of severity high or above failed"),
        ([record("pass")], {"boot_required": True}, True, "passed", "No control of severity high or above failed"),
        (
            [record("pass")],
            {"boot_skipped": True, "boot_required": True},
            False,
            "refused",
            "The boot check was skipped, but verify_boot_required is set",
        ),
    ],
)
def test_what_may_be_promoted(records, known, promote, state, text):
    decided = verdict(records, **known)
    assert (decided["promote"], decided["state"], decided["text"]) == (promote, state, text)


def test_a_severity_that_is_none():
    with pytest.raises(AnsibleFilterError, match="worst is not a valid severity"):
        verdict([], "worst")


def test_a_boot_that_was_skipped_never_looks_better_than_one_that_was_made():
    """What only a boot shows is counted, and not as passed."""
    controls = Catalogue().resolve("hipaa")

    def scored(status, stage, chosen):
        results = [
            {"control": control["id"], "status": status, "stage": stage, "expected": None, "observed": None, "read_from": "", "message": ""}
            for control in chosen
        ]
        return joined(results, controls, "web")

    left_open = not_booted(controls)
    names = {result["control"] for result in left_open}
    assert "boot-completes" in names and "ssh-root-login" not in names
    offline = scored("pass", "offline", [control for control in controls if control["id"] not in names])
    offline += scored("not_applicable", "offline", [control for control in controls if control["id"] in names])
    without = score(offline + joined(left_open, controls, "web"))
    booted = score(offline + scored("pass", "boot", [control for control in controls if control["id"] in names]))
    assert without["not_checked"] == len(names)
    assert without["applicable"] == booted["applicable"] and without["percent"] < booted["percent"]
    assert score(offline)["percent"] == 100, "which is what it said before"
