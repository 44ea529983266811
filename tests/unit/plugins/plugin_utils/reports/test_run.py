# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import gathered

SOURCE = {"path": "/t.qcow2", "sha256": "0" * 64}
IMAGE = {"path": "/i.qcow2", "sha256": "1" * 64}


@pytest.mark.parametrize(
    ("statuses", "known", "verdict", "sentence"),
    [
        (
            ["pass"],
            {"source": SOURCE, "image": IMAGE},
            "promoted",
            "No control of severity high or above failed, and the image was promoted.",
        ),
        (["pass", "not_checked", "waived"], {}, "passed", "No control of severity high or above failed."),
        (["pass", "fail"], {"source": SOURCE}, "refused", "One control of severity high or above failed, so the image was not promoted."),
        (["fail"], {"source": SOURCE, "promotes": False}, "refused", "One control of severity high or above failed."),
        (["pass"], {"source": SOURCE, "promotes": False}, "passed", "No control of severity high or above failed."),
        (["fail", "error"], {}, "refused", "2 controls of severity high or above failed."),
        (
            ["pass"],
            {"source": SOURCE, "failure": "Patch: no space left."},
            "stopped",
            "The run stopped before its end: Patch: no space left. Nothing was promoted.",
        ),
        ([], {"source": SOURCE}, "unverified", "Nothing was verified, so nothing can be said."),
        (["not_checked", "not_applicable"], {"source": SOURCE}, "unverified", "Nothing was verified, so nothing can be said."),
        (
            ["pass"],
            {"source": SOURCE, "staged": IMAGE},
            "approved",
            "No control of severity high or above failed, and the image may be promoted; its history states whether it was.",
        ),
        (
            ["pass"],
            {"source": SOURCE, "staged": IMAGE, "image": IMAGE, "boot_skipped": True},
            "promoted",
            "No control of severity high or above failed, and the image was promoted. The boot check was skipped.",
        ),
        (
            ["pass"],
            {"source": SOURCE, "boot_skipped": True, "boot_required": True},
            "refused",
            "The boot check was skipped, but verify_boot_required is set, so the image was not promoted.",
        ),
        (
            ["fail"],
            {"source": SOURCE, "boot_skipped": True},
            "refused",
            "One control of severity high or above failed, so the image was not promoted. The boot check was skipped.",
        ),
        (
            ["pass"],
            {"source": SOURCE, "staged": IMAGE, "failure": "Promote: the disk is full"},
            "stopped",
            "The run stopped before its end: Promote: the disk is full. Nothing was promoted.",
        ),
    ],
)
def test_the_verdict_says_how_the_run_ended(facts, record, statuses, known, verdict, sentence):
    records = [record(f"a-{number}", status) for number, status in enumerate(statuses)]
    run = gathered(facts(records=records, **known), "2026-10-09T12:03:41Z")
    assert (run["verdict"], run["sentence"]) == (verdict, sentence)


def test_only_an_image_that_is_or_may_be_promoted_is_named(facts, record):
    def image(**known):
        return gathered(facts(records=[record()], source=SOURCE, **known), "2026-10-09T12:03:41Z")["image"]

    assert image(staged=IMAGE) == image(staged=IMAGE, image=IMAGE) == IMAGE
    assert image(staged=IMAGE, failure="Promote: the disk is full") is None


def test_a_stage_at_which_nothing_was_looked_at_is_none(facts, record):
    records = [record(), record("boot-completes", "not_checked", stage="boot")]
    assert gathered(facts(records=records), "2026-10-09T12:03:41Z")["stages"] == ["offline"]


def test_who_went_back_to_what_is_current_moved_nothing(facts):
    move = {"image": "a", "from": "a", "version": "1", "by": "ann", "reason": "why"}
    run = gathered(facts(rollback=move), "2026-10-09T12:03:41Z")
    assert (run["verdict"], run["sentence"]) == ("rolled_back", "Version 1 is the current one already, so nothing was moved.")


def test_a_failure_below_the_gate_does_not_refuse(facts, record):
    run = gathered(facts(records=[record(status="fail", severity="medium")]), "2026-10-09T12:03:41Z")
    assert (run["verdict"], run["failing"], run["score"]["fail"]) == ("passed", [], 1)


def test_a_control_that_fails_at_two_stages_is_named_once(facts, record):
    records = [record(status="fail", stage=stage) for stage in ("boot", "offline")]
    run = gathered(facts(records=records), "2026-10-09T12:03:41Z")
    assert (run["failing"], run["stages"]) == (["ssh-root-login"], ["offline", "boot"])


def test_a_package_that_hardening_changed_is_a_package_that_changed(facts):
    diffs = [
        {"after_header": "package auditd", "before": "", "after": "auditd 1:3.0.9-1\n"},
        {"after_header": "package telnet", "before": "telnet 0.17\n", "after": ""},
        {"after_header": "/etc/issue", "before": "a", "after": "b"},
    ]
    run = gathered(facts(diffs=diffs, changes=[{"package": "openssl", "from": "1", "to": "2"}]), "2026-10-09T12:03:41Z")
    assert [(row["package"], row["from"], row["to"]) for row in run["changes"]] == [
        ("openssl", "1", "2"),
        ("auditd", "", "1:3.0.9-1"),
        ("telnet", "0.17", ""),
    ]
    assert run["diffs"] == diffs[2:]
