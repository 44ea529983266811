# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state of a machine as a file, and what a play gets of it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from ansible_collections.hygeia.golden.plugins.action import drift_state
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, packed

RECORD = {
    "control": "drift-files",
    "severity": "high",
    "status": "fail",
    "message": "/a is new",
    "expected": {"/a": None},
    "observed": {"/a": 1},
    "drift": {"category": "files", "item": "/a", "class": "unexplained", "explained_by": "", "first_seen": "", "last_seen": ""},
}


@pytest.fixture
def follow(tmp_path):
    def run(*records, check_mode=False, **arguments):
        arguments = {
            "path": str(tmp_path / "drift/web 1.json"),
            "records": packed(list(records)),
            "moment": "2026-11-01T00:00:00Z",
            "textfile_dir": str(tmp_path / "node"),
            **arguments,
        }
        task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="drift_state", diff=False)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action = drift_state.ActionModule(task, connection, SimpleNamespace(check_mode=check_mode), None, None, None)
        return action.run(task_vars={"inventory_hostname": "web 1"})

    return run


def test_a_run_leaves_a_state_metrics_and_records_with_times(follow, tmp_path):
    found = follow(RECORD, image_sha256="one", image={"id": "web"})
    (entry,) = entries(found["records"])
    assert entry["drift"]["first_seen"] == "2026-11-01T00:00:00Z"
    assert (found["events"], found["message"]["counts"]["new"], found["message"]["image"]["id"]) == (1, 1, "web")
    assert json.loads((tmp_path / "drift/web 1.json").read_text())["image"] == "one"
    assert 'host="web 1"' in (tmp_path / "node/hygeia_drift_web_1.prom").read_text()
    assert oct((tmp_path / "node/hygeia_drift_web_1.prom").stat().st_mode & 0o777) == "0o644"
    assert follow(RECORD, image_sha256="one")["events"] == 0


def test_events_are_kept_until_they_are_delivered(follow):
    assert [follow(RECORD, keep_events=True)["events"] for unused_run in range(2)] == [1, 1]
    follow(state="delivered")
    assert follow(RECORD, keep_events=True)["events"] == 0


def test_check_mode_writes_nothing(follow, tmp_path):
    assert follow(RECORD, check_mode=True)["events"] == 1
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_state_says_what_to_do(follow, tmp_path):
    follow(RECORD)
    (tmp_path / "drift/web 1.json").write_bytes(b"\xff")
    with pytest.raises(AnsibleError, match="it is damaged. Remove it, and every difference is new"):
        follow(RECORD)


def test_a_directory_that_cannot_be_written_is_named(follow, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AnsibleError, match="cannot be read or written"):
        follow(RECORD, path=str(tmp_path / "file/web1.json"))
