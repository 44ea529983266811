# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One real boot of one real template, which the tests share. It needs root, FUSE, loop devices and QEMU."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from bootlab import Lab, build

# The template is sealed, lets in one group only, and has faults that only a running system shows.
PREPARE = """
rm /etc/ssh/ssh_host_*
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Service]\nExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n' >/etc/systemd/system/ssh.service.d/keys.conf
groupadd remote
useradd --groups remote hygeia-verify
echo 'hygeia-verify ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/zz-hygeia-verify
echo 'AllowGroups remote' >/etc/ssh/sshd_config.d/groups.conf
printf '[Service]\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/broken.service
printf '[Service]\nExecStart=/usr/bin/python3 -m http.server 8080\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/open.service
printf '[Service]\nExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 9090\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/local.service
systemctl enable broken open local
echo 'LABEL=data /opt ext4 defaults 0 2' >>/etc/fstab
"""

PLAY = """
- hosts: web
  gather_facts: false
  vars:
    ansible_connection: hygeia.golden.image
    ansible_image_session: {session}
    ansible_python_interpreter: /usr/bin/python3
  tasks:
    - hygeia.golden.audit_info:
        stage: boot
        injected: {brought}
        controls:
          - {{id: boot-completes, settings: {{system_state: {{startup: finished}}}}}}
          - {{id: boot-no-failed-units, settings: {{system_state: {{failed_units: []}}}}}}
          - {{id: boot-ssh-login, settings: {{system_state: {{ssh_login: publickey}}}}}}
          - {{id: boot-ssh-host-keys-new, settings: {{system_state: {{ssh_host_keys: new}}}}}}
          - {{id: boot-listening-ports, settings: {{system_state: {{listening_ports: [22/tcp, 68/udp, 546/udp]}}}}}}
          - {{id: sudo-unrestricted, settings: {{sudo_rules: {{unrestricted: [root, "%sudo"], without_password: []}}}}}}
          - {{id: account-members, settings: {{accounts: {{members.remote: []}}}}}}
      register: audit
    - ansible.builtin.include_role:
        name: hygeia.golden.verify
        tasks_from: smoke
      vars:
        verify_stage: boot
        verify_records: []
        baseline_checks: "{{{{ query('hygeia.golden.checks') }}}}"
        verify_smoke:
          - name: answers
            command: python3 -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080')"
          - name: worklist
            command: test -e /srv/worklist
    - ansible.builtin.copy:
        content: "{{{{ (audit.results + verify_records) | to_json }}}}"
        dest: {found}
        mode: "0600"
      delegate_to: localhost
      vars:
        ansible_connection: local
"""


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return build(tmp_path_factory.mktemp("templates") / "debian-12.qcow2", "--firmware", "uefi", "--filesystem", "xfs")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A second disk, all of which is a filesystem."""
    place = tmp_path_factory.mktemp("data")
    (place / "tree").mkdir()
    (place / "tree/kept").write_text("kept\n")
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "data", "-d", place / "tree", place / "data.raw", "16M"], check=True)
    return place / "data.raw"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, template, data):
    """The template booted; whoever stops it must be the last."""
    made = Lab(tmp_path_factory.mktemp("lab"), template, PREPARE, data)
    made.guest, made.brought = made.boot()
    yield made
    made.session.discard()


@pytest.fixture(scope="module")
def records(lab, tmp_path_factory):
    """The controls of a running system, as the module sees them through the connection."""
    play = tmp_path_factory.mktemp("play") / "play.yml"
    found = play.with_name("records.json")
    play.write_text(PLAY.format(session=lab.directory, found=found, brought=json.dumps(lab.brought)), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ansible", "playbook", "--inventory", "web,", str(play)], check=True)
    return {record["control"]: record for record in json.loads(found.read_text(encoding="utf-8"))}
