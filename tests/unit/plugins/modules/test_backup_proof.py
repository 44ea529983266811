# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.modules import backup_proof

TAPE = {"product": "command", "repository": "tapes", "commands": {"last_success": ["date", "+%s"]}}


def test_it_returns_records_and_changes_nothing_without_a_canary(run_module):
    result = run_module(backup_proof, {**TAPE, "recovery_point": "24h", "secrets": {"TOKEN": "geheim99"}})
    statuses = {record["control"]: record["status"] for record in result["results"]}
    assert statuses["backup-recent-proven"] == "pass" and statuses["backup-canary-proven"] == "not_checked"
    assert (len(statuses), result["changed"]) == (8, False)
    assert "geheim99" not in str(result)


def test_a_canary_is_a_change(run_module, tmp_path):
    commands = {
        **TAPE["commands"],
        "backup": ["cp", "{path}", str(tmp_path / "kept")],
        "restore": ["cp", str(tmp_path / "kept"), "{directory}/canary"],
        "forget": ["rm", str(tmp_path / "kept")],
    }
    result = run_module(backup_proof, {**TAPE, "commands": commands, "directory": str(tmp_path)})
    assert result["changed"] and not any(tmp_path.iterdir())
    assert [record["status"] for record in result["results"] if record["control"] == "backup-canary-proven"] == ["pass"]


@pytest.mark.parametrize(
    "wrong, message",
    [
        (
            {"recovery_point": "a day"},
            "A span of time cannot be read: a day is not a duration: write a number with w, d, h, m or s, such as 24h.",
        ),
        (
            {"sample": ["etc/hostname"]},
            "etc/hostname is not an absolute path: name files and the directory with all directories that they lie in.",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(run_module, wrong, message):
    assert run_module(backup_proof, {**TAPE, **wrong})["msg"] == message


def test_it_ends_where_nobody_answers(run_module):
    result = run_module(backup_proof, {**TAPE, "commands": {"last_success": ["sleep", "600"]}, "limit": 1})
    assert "a declared command did not end in time at tapes" in result["results"][0]["message"]
