# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A running system is sealed over SSH only when somebody asked for it, and then to the end."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

SNAKEOIL = "etc/ssl/private/ssl-cert-snakeoil.key"
PLAY = """
- hosts: all
  gather_facts: false
  roles:
    - hygeia.golden.seal
  post_tasks:
    - name: The connection is still there
      ansible.builtin.command: /usr/bin/stat /etc/machine-id
      changed_when: false
"""


@pytest.fixture
def play(guest, root, tmp_path):
    """Runs the role against the guest's own sshd, with one connection that stays, as Ansible's own default is."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    guest.write("/root/.ssh/authorized_keys", (tmp_path / "key.pub").read_text(), 0o600)
    assert guest.run("ssh-keygen", "-A").returncode == 0
    guest.run("systemctl", "restart", "ssh.service")
    (tmp_path / "play.yml").write_text(PLAY)
    through = " ".join([*guest.enter[:3], "--net", "nc", "127.0.0.1", "22"])
    inventory = {
        "all": {
            "hosts": {
                "ward": {
                    "ansible_host": "127.0.0.1",
                    "ansible_user": "root",
                    "ansible_ssh_private_key_file": str(tmp_path / "key"),
                    "ansible_ssh_common_args": f"-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o 'ProxyCommand={through}'",
                    "ansible_python_interpreter": "/usr/bin/python3",
                }
            }
        }
    }
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))

    def run(*options):
        return subprocess.run(
            ["ansible-playbook", "-i", tmp_path / "hosts.json", tmp_path / "play.yml", *options],
            text=True,
            capture_output=True,
            check=False,
            timeout=300,
            env={**os.environ, "ANSIBLE_SSH_CONTROL_PATH_DIR": f"/tmp/seal-{os.getpid()}", "ANSIBLE_NOCOLOR": "1"},
        )

    return run


def test_a_running_system_is_sealed_only_when_asked_for(play, guest, root):
    guest.write("/tmp/left", "somebody's")
    guest.write("/root/.bash_history", "mysql --password=hunter2\n")
    assert (root / SNAKEOIL).exists()
    refused = play()
    assert refused.returncode == 2 and "ward is a running system and is not sealed" in refused.stdout
    assert "Set seal_live to true" in refused.stdout
    assert list((root / "etc/ssh").glob("ssh_host_*_key")) and (root / "root/.bash_history").exists()
    sealed = play("-e", '{"seal_live": true}')
    assert sealed.returncode == 0, sealed.stdout + sealed.stderr
    assert not list((root / "etc/ssh").glob("ssh_host_*")) and (root / "etc/machine-id").read_text() == ""
    assert not (root / "root/.bash_history").exists() and guest.run("cat", "/tmp/left").returncode
    assert guest.run("systemctl", "is-enabled", "hygeia-ssh-hostkeys.service").stdout == "enabled\n"
    assert not (root / SNAKEOIL).exists()


def test_the_first_boot_makes_what_each_machine_must_have_of_its_own(guest, root):
    guest.reboot()
    assert list((root / "etc/ssh").glob("ssh_host_*_key")) and len((root / "etc/machine-id").read_text()) == 33
    status = guest.run("systemctl", "status", "hygeia-snakeoil.service", "hygeia-ssh-hostkeys.service", "ssh.service")
    assert status.returncode == 0, status.stdout
    assert (root / SNAKEOIL).stat().st_mode & 0o777 == 0o640
    checked = guest.run("openssl", "x509", "-noout", "-pubkey", "-in", "/etc/ssl/certs/ssl-cert-snakeoil.pem")
    assert checked.stdout == guest.run("openssl", "pkey", "-pubout", "-in", f"/{SNAKEOIL}").stdout != ""
