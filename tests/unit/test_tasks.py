# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No task of the roles and playbooks believes what a system answers."""

from __future__ import annotations

import pathlib

import pytest
import yaml

REPO = pathlib.Path(__file__).resolve().parents[2]
FILES = [*REPO.glob("roles/*/tasks/**/*.yml"), *REPO.glob("playbooks/*.yml")]
PARTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
# What of Ansible runs on the controller alone.
CONTROLLER = {
    f"ansible.builtin.{name}"
    for name in (
        "assert",
        "debug",
        "fail",
        "import_playbook",
        "import_role",
        "import_tasks",
        "include_role",
        "include_tasks",
        "meta",
        "set_fact",
        "set_stats",
    )
}


def tasks(entries):
    for entry in entries:
        yield entry
        for part in PARTS:
            yield from tasks(entry.get(part, []))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_a_module_of_ansible_asks_a_system_by_way_of_distrusted(path):
    believed = [
        (task.get("name"), name)
        for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8")))
        for name in task
        if name.startswith("ansible.") and name not in CONTROLLER and task.get("delegate_to") != "localhost"
    ]
    assert believed == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_no_play_gathers_facts(path):
    assert all(play.get("gather_facts") is False for play in yaml.safe_load(path.read_text(encoding="utf-8")) if "hosts" in play)


def test_platforms_that_are_only_verified_change_no_image():
    """The defaults of an imported role hold in the whole play, and golden_image makes an image fit when a platform is listed."""
    defaults = yaml.safe_load((REPO / "roles/portable/defaults/main.yml").read_text(encoding="utf-8"))
    assert defaults["portable_platforms"] == []
