# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An advisory is named; the feed knows what it is about, and only that is installed."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys

import pytest
from archive import SECURITY, Archive, served

PLAY = """
- hosts: box
  gather_facts: false
  tasks:
    - block:
        - ansible.builtin.include_role: {name: hygeia.golden.patch}
          vars: {patch_advisories: [DSA-9999-1]}
      rescue:
        - ansible.builtin.set_fact: {refused: "{{ ansible_failed_result.msg }}"}
    - ansible.builtin.include_role: {name: hygeia.golden.patch}
      vars: {patch_advisories: [CVE-2026-0001]}
    - ansible.builtin.copy:
        content: "{{ {'refused': refused, 'changes': patch_changes, 'pending': patch_pending} | to_json }}"
        dest: "{{ inventory_dir }}/found.json"
        mode: "0600"
      delegate_to: localhost
      vars: {ansible_connection: local}
"""


@pytest.fixture(scope="module")
def found(keys, systems, tmp_path_factory):
    place, system = tmp_path_factory.mktemp("advisories"), systems("bookworm")
    archive = Archive(place / "archive", keys[0])
    system.install(archive.add("advised", "1"), archive.add("unadvised", "1"))
    archive.add("advised", "2", suite=SECURITY)
    archive.add("unadvised", "2", suite=SECURITY)
    archive.publish()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    (place / "feed.json").write_text(
        json.dumps(
            {
                "id": "DSA-1-1",
                "modified": now,
                "published": now,
                "upstream": ["CVE-2026-0001"],
                "affected": [
                    {
                        "package": {"ecosystem": "Debian:12", "name": "advised"},
                        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}],
                    }
                ],
            }
        )
    )
    (place / "play.yml").write_text(PLAY)
    with served(archive.place) as address:
        (place / "inventory.json").write_text(
            json.dumps(
                {
                    "all": {
                        "hosts": {
                            "box": {
                                "ansible_connection": "hygeia.golden.image",
                                "ansible_image_root": str(system.root),
                                "ansible_remote_tmp": "/run/ansible",
                                "ansible_image_package_hosts": ["127.0.0.1"],
                                "ansible_python_interpreter": "/usr/bin/python3",
                                "patch_sources": archive.sources(address),
                                "patch_feeds": [{"kind": "osv", "path": str(place / "feed.json")}],
                            }
                        }
                    }
                }
            )
        )
        playbook = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        done = subprocess.run(
            [playbook, "--inventory", place / "inventory.json", place / "play.yml"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp"), "HOME": str(place)},
        )
    print(done.stdout + done.stderr)
    return json.loads((place / "found.json").read_text())


def test_an_unknown_advisory_is_refused_in_a_sentence(found):
    assert "no pending update answers DSA-9999-1: correct its name" in found["refused"]
    assert "\n" not in found["refused"].strip()


def test_only_what_the_advisory_is_about_is_installed(found):
    assert [change["package"] for change in found["changes"]] == ["advised"]
    assert "unadvised" in [update["package"] for update in found["pending"]]
