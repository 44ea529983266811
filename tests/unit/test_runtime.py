# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What meta/runtime.yml promises to playbooks."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import yaml

with open(os.path.join(os.path.dirname(__file__), "../../meta/runtime.yml"), encoding="utf-8") as _stream:
    RUNTIME = yaml.safe_load(_stream)
# The options that the modules of a group have in common.
SHARED = {
    "images": ["dest", "name"],
    "libvirt": ["pool", "uri"],
    "packages": ["only", "sources", "updates"],
    "sessions": ["luks_key", "luks_key_file", "session", "work_dir"],
    "web": ["ca_path", "client_cert", "client_key", "headers", "timeout", "url"],
}


@pytest.fixture(scope="module")
def options():
    """The options of each module of a group, by its name."""
    names = sorted({f"hygeia.golden.{name}" for group in RUNTIME["action_groups"].values() for name in group})
    printed = subprocess.run(["ansible-doc", "--type", "module", "--json", *names], capture_output=True, text=True, check=True).stdout
    return {name.rpartition(".")[2]: set(module["doc"]["options"]) for name, module in json.loads(printed).items()}


def test_what_a_site_sets_once_every_module_of_the_group_takes(options):
    shared = {group: sorted(set.intersection(*(options[name] for name in names))) for group, names in RUNTIME["action_groups"].items()}
    assert shared == SHARED


def test_a_site_sets_the_place_of_its_images_once(tmp_path):
    play = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "connection": "local",
            "module_defaults": {"group/hygeia.golden.images": {"dest": str(tmp_path / "images")}},
            "tasks": [{"hygeia.golden.image_versions_info": {"name": "web"}, "register": "images"}],
        }
    ]
    assert _run(tmp_path, play).returncode == 0
    del play[0]["module_defaults"]
    assert "missing required arguments: dest" in _run(tmp_path, play).stdout


def _run(tmp_path, play):
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    return subprocess.run(["ansible-playbook", tmp_path / "play.yml"], capture_output=True, text=True, check=False)
