# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Debian 12 of the release pocket in a directory, with the archive's real updates waiting. These tests need root and a mirror."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import base

PROJECT = Path(__file__).parents[3]


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The place of a site's evidence, feeds and systems."""
    return Site(tmp_path_factory.mktemp("plan"))


class Site:
    """Hosts that all are the same directory with a Debian in it."""

    def __init__(self, place):
        self.place = place
        self.root = place / "root"
        self.root.mkdir()
        subprocess.run(["tar", "--extract", "--numeric-owner", f"--file={base.make('bookworm')}", f"--directory={self.root}"], check=True)

    def plan(self, *hosts, **variables):
        """Run the playbook; what it printed and each host's plan."""
        shared = {
            "ansible_connection": "hygeia.golden.image",
            "ansible_image_root": str(self.root),
            "evidence_dir": str(self.place / "evidence"),
            "patch_feeds_cache": str(self.place / "cache"),
            "ansible_remote_tmp": "/run/ansible",
            **variables,
        }
        inventory = self.place / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": dict.fromkeys(hosts, {}), "vars": shared}}))
        command = [
            os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
            "--inventory",
            inventory,
            PROJECT / "playbooks/plan_patches.yml",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL)
        print(done.stdout + done.stderr)
        assert "Traceback" not in done.stdout + done.stderr
        directories = [self.place / "evidence" / host for host in hosts]
        failed = [directory / "plan-failed.json" for directory in directories]
        plans = [json.loads((path if path.exists() else path.with_name("plan.json")).read_text()) for path in failed]
        return done, plans

    @property
    def report(self):
        return (self.place / "evidence/patches.html").read_text()

    def feed(self, kind, name, data):
        """Write a feed; what the play is given of it."""
        (self.place / name).write_text(json.dumps(data))
        return {"kind": kind, "path": str(self.place / name)}
