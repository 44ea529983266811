# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role patch on a system of the RHEL family that is not running, and the feed of its repository on the controller."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import lab as laboratory


def test_the_role_patches_it_and_the_feed_agrees_with_dnf(lab, tmp_path):
    feed = tmp_path / "updateinfo.xml"
    feed.write_text(laboratory.updateinfo())
    host = {
        "ansible_connection": "hygeia.golden.image",
        "ansible_image_root": str(lab.root),
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    variables = {
        **host,
        "ansible_image_package_hosts": ["127.0.0.1"],
        "ansible_remote_tmp": "/run/ansible",
        "feeds": [{"kind": "updateinfo", "path": str(feed)}],
        "directory": str(tmp_path),
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"template": variables, "localhost": local}}}))
    command = ["ansible-playbook", "--inventory", str(inventory), "--limit", "template", str(Path(__file__).with_name("patch.yml"))]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    found = json.loads((tmp_path / "found.json").read_text())

    by_dnf = {(cve, update["package"]) for update in found["before"]["pending"] for cve in update["closes"]}
    by_feed = {(one["id"], package) for one in found["before"]["vulnerabilities"] for package in one["packages"]}
    assert by_dnf == by_feed and len(by_feed) == 5
    assert {one["severity"] for one in found["before"]["vulnerabilities"]} == {"low", "medium", "high", "critical"}
    assert all(one["closed_by_update"] for one in found["before"]["vulnerabilities"])
    assert {"package": "app", "version": "1.0-1.el9", "architecture": "noarch", "source": "app", "source_version": "1.0-1.el9"} in found[
        "before"
    ]["installed"]

    assert {change["package"] for change in found["changes"]} == {"app", "applib", "excluded", "held", "kernel-core", "leaf"}
    assert [kernel["initramfs"] for kernel in found["kernels"]] == ["ok", "ok"]
    assert found["after"]["vulnerabilities"] == []
    assert [update["package"] for update in found["after"]["pending"]] == ["conf", "newname"]
