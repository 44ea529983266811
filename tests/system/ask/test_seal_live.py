# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A running system is sealed over SSH only when somebody asked for it, and then to the end."""

from __future__ import annotations

import json
import subprocess

import pytest

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
# What is left of a system that was shut down, as an audit of the image finds it.
AUDIT = """
- hosts: all
  gather_facts: false
  tasks:
    - hygeia.golden.audit_info:
        controls: "{{ query('hygeia.golden.controls', 'sealed') | hygeia.golden.settings }}"
        stage: offline
      register: audit
    - ansible.builtin.assert:
        that:
          - failed | length == 0
          - audit.results | selectattr('status', 'equalto', 'pass') | length > 15
        fail_msg: "{{ failed }}"
      vars:
        failed: "{{ audit.results | rejectattr('status', 'in', ['pass', 'not_applicable']) }}"
"""
SNAKEOIL = "etc/ssl/private/ssl-cert-snakeoil.key"


@pytest.fixture
def seal(play, tmp_path):
    """Runs the role."""
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    return play


def test_a_running_system_is_sealed_only_when_asked_for(seal, guest, root):
    guest.write("/tmp/left", "somebody's")
    guest.write("/root/.bash_history", "mysql --password=hunter2\n")
    assert (root / SNAKEOIL).exists()
    refused = seal()
    assert refused.returncode == 2 and "ward is a running system and is not sealed" in refused.stdout
    assert "set seal_live to true" in refused.stdout
    assert list((root / "etc/ssh").glob("ssh_host_*_key")) and (root / "root/.bash_history").exists()
    sealed = seal("-e", '{"seal_live": true}')
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


def test_a_running_system_is_sealed_when_it_shuts_down(seal, guest, root, tmp_path):
    """The login that asks for it stays until the end, with the account and its sudo rule; then nothing of them is left."""
    guest.run("useradd", "--create-home", "--shell", "/bin/bash", "packer")
    guest.write("/etc/sudoers.d/packer", "packer ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    guest.write("/root/.bash_history", "mysql --password=hunter2\n")
    guest.run("mkdir", "-p", "/var/log/journal")
    guest.run("systemctl", "restart", "systemd-journald.service")
    wanted = {"seal_at_shutdown": True, "seal_accounts": ["packer"], "seal_paths": ["/etc/sudoers.d/packer"]}
    checked = seal("-e", json.dumps(wanted), "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not (root / "run/hygeia-seal").exists()
    for change in ("changed=1", "changed=0"):
        asked = seal("-e", json.dumps(wanted))
        assert asked.returncode == 0, asked.stdout + asked.stderr
        assert change in asked.stdout
    assert list((root / "etc/ssh").glob("ssh_host_*_key")) and (root / "root/.bash_history").exists()
    assert guest.run("id", "packer").returncode == 0
    guest.power_off()
    assert not list((root / "etc/ssh").glob("ssh_host_*"))
    assert not (root / "home/packer").exists() and "packer" not in (root / "etc/passwd").read_text()
    assert not (root / "etc/sudoers.d/packer").exists()
    # systemd's package has a README there.
    assert [path.name for path in (root / "var/log").rglob("*") if path.is_file() and path.stat().st_size] == ["README"]
    (tmp_path / "audit.yml").write_text(AUDIT)
    inventory = ["-i", "ward,", "-e", f"ansible_connection=hygeia.golden.image ansible_image_root={root}"]
    audited = subprocess.run(
        ["ansible-playbook", *inventory, tmp_path / "audit.yml"], text=True, capture_output=True, check=False, timeout=300
    )
    assert audited.returncode == 0, audited.stdout + audited.stderr
