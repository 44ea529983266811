# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One real boot of one real template, which all tests of this folder share. It needs root, FUSE, loop devices and QEMU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image import boot, disk
from ansible_collections.hygeia.golden.plugins.module_utils.image.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import Session

REPOSITORY = Path(__file__).parents[3]
WISH = boot.Wish(boot_limit=600, settle_limit=600)

# The template is sealed, lets in one group only, and has faults that only a running system shows.
PREPARE = """
rm /etc/ssh/ssh_host_*
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Service]\nExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n' >/etc/systemd/system/ssh.service.d/keys.conf
groupadd remote
echo 'AllowGroups remote' >/etc/ssh/sshd_config.d/groups.conf
printf '[Service]\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/broken.service
printf '[Service]\nExecStart=/usr/bin/python3 -m http.server 8080\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/open.service
printf '[Service]\nExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 9090\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/local.service
systemctl enable broken open local
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
        controls:
          - {{id: boot-completes, settings: {{system_state: {{startup: finished}}}}}}
          - {{id: boot-no-failed-units, settings: {{system_state: {{failed_units: []}}}}}}
          - {{id: boot-ssh-login, settings: {{system_state: {{ssh_login: publickey}}}}}}
          - {{id: boot-ssh-host-keys-new, settings: {{system_state: {{ssh_host_keys: new}}}}}}
          - {{id: boot-listening-ports, settings: {{system_state: {{listening_ports: [22/tcp, 68/udp, 546/udp]}}}}}}
      register: audit
    - ansible.builtin.copy:
        content: "{{{{ audit.results | to_json }}}}"
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


def build(output, *options):
    """A bootable template; its packages and its root filesystem come from the cache when they are there."""
    builder = str(REPOSITORY / "tests/templates/build.py")
    subprocess.run([sys.executable, builder, "--cache", str(REPOSITORY / ".build/cache"), "--output", str(output), *options], check=True)
    return output


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return build(tmp_path_factory.mktemp("templates") / "debian-12.qcow2", "--firmware", "uefi", "--filesystem", "xfs")


class Lab:
    """A closed session with a template of its own, and what its boot came to."""

    def __init__(self, place, template, script):
        self.template = template
        self.folder = str(place / "sessions/web")
        opened = self.session
        opened.open(str(template))
        try:
            self.run("sh", "-euc", script, check=True)
            opened.close()
        except BaseException:
            opened.discard()
            raise
        self.digests = self.digest()

    @property
    def session(self):
        """The session as it is now: every call of the module looks afresh."""
        return Session(self.folder)

    def digest(self):
        return [disk.sha256(str(path)) for path in (self.template, self.session.overlay)]

    def boot(self, wish=WISH):
        return boot.start(self.session, wish)

    def run(self, *argv, check=False, **options):
        return subprocess.run([f"{self.folder}/enter", *argv], capture_output=True, timeout=300, check=check, **options)

    @property
    def guard(self):
        return Process.load(self.session.journal["guest"])

    def processes(self):
        """Every process that has this session in its command line."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_text(errors="replace")
            except OSError:
                continue
            if self.folder in words and int(path.parent.name) != os.getpid():
                found.append(words)
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory, template):
    """The template booted; whoever stops it must be the last."""
    made = Lab(tmp_path_factory.mktemp("lab"), template, PREPARE)
    made.guest = made.boot()
    yield made
    made.session.discard()


@pytest.fixture(scope="module")
def records(lab, tmp_path_factory):
    """The controls of a running system, as the module sees them through the connection."""
    play = tmp_path_factory.mktemp("play") / "play.yml"
    found = play.with_name("records.json")
    play.write_text(PLAY.format(session=lab.folder, found=found), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ansible", "playbook", "--inventory", "web,", str(play)], check=True)
    return {record["control"]: record for record in json.loads(found.read_text(encoding="utf-8"))}
