# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import libvirtd
import pytest
from promoted import Promoted

TOP = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def hypervisor():
    with libvirtd.running() as one:
        yield one


@pytest.fixture
def promoted(tmp_path):
    return Promoted(tmp_path)


@pytest.fixture
def play(tmp_path, promoted):
    """Run a playbook of the collection on the template; whether it went well, and what it printed."""

    def run(name, targets, *arguments, **variables):
        about = {
            "image_dest": str(promoted.dest),
            "evidence_dir": str(promoted.evidence),
            "image_user": "bob",
            "publish_targets": targets,
            **variables,
        }
        # The bindings of libvirt are those of the system's Python.
        local = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
        inventory = {"all": {"hosts": {"localhost": local}}, "templates": {"hosts": {promoted.name: {}}, "vars": about}}
        (tmp_path / "inventory.json").write_text(json.dumps(inventory))
        ansible = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [ansible, "-i", tmp_path / "inventory.json", *arguments, TOP / "playbooks" / f"{name}.yml"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done.returncode == 0, done.stdout + done.stderr

    return run
