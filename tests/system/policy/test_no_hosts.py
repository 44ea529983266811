# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A group that is empty or misspelt is output of, and is no success."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"
HOSTS = {"golden_image": "templates", "patch_templates": "templates", "rollback": "templates", "versions": "templates", "audit": "all"}


@pytest.fixture
def play(tmp_path):
    """Run a playbook of the collection over an inventory; whether it went well, and what it printed."""

    def run(name, inventory, *arguments):
        path = tmp_path / "inventory.json"
        path.write_text(json.dumps(inventory))
        command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", path, *arguments, PLAYBOOKS / f"{name}.yml"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return done.returncode == 0, " ".join(done.stdout.split()) + done.stderr

    return run


@pytest.mark.parametrize("name", HOSTS)
def test_nothing_to_do_is_no_success(play, name):
    well, output = play(name, {"templates": {"hosts": {}}} if name == "audit" else {"other": {"hosts": {"somebody": {}}}})
    assert not well
    assert f"Nothing was done, since no host matches {HOSTS[name]}: correct the inventory or the pattern" in output


def test_unless_that_may_be(play):
    well, output = play("golden_image", {"other": {"hosts": {"somebody": {}}}}, "-e", "allow_no_hosts=true")
    assert well and "Nothing was done, since no host matches templates." in output


def test_a_limit_that_leaves_none_is_reported(play):
    inventory = {"templates": {"hosts": {"web": {}}}, "other": {"hosts": {"somebody": {}}}}
    well, output = play("golden_image", inventory, "--limit", "somebody")
    assert not well and "no host matches templates within the limit somebody: correct" in output


def test_every_playbook_that_works_on_hosts_looks_first():
    texts = {path.stem: path.read_text() for path in PLAYBOOKS.glob("*.yml")}
    working = {name for name, text in texts.items() if '\n  hosts: "{{' in text}
    assert working == {name for name, text in texts.items() if "import_playbook: require_hosts.yml" in text} - {"patch_templates"}
