# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from promoted import Promoted
from servers import glance as glance_server
from servers import libvirtd
from servers import proxmox as proxmox_server
from servers.environment import PYTHON, environment

TOP = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def hypervisor():
    with libvirtd.running() as one:
        yield one


@pytest.fixture(scope="session")
def glance():
    with glance_server.running() as one:
        yield one


@pytest.fixture
def radiology(hypervisor):
    """A target of libvirt."""
    yield {"name": "radiology", "platform": "libvirt", "uri": hypervisor.uri, "pool": hypervisor.pool, "hypervisor": "qemu"}
    hypervisor.virsh("undefine", "web", check=False)
    for volume in hypervisor.volumes():
        hypervisor.virsh("vol-delete", volume, hypervisor.pool)


@pytest.fixture
def cloud(glance, monkeypatch):
    """A target of OpenStack."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(glance.state / "clouds.yaml"))
    yield {"name": "cloud", "platform": "openstack", "cloud": glance_server.CLOUD}
    glance.clear()


@pytest.fixture(scope="session")
def proxmox():
    with proxmox_server.running() as one:
        yield one


@pytest.fixture
def cluster(proxmox, monkeypatch):
    """A target of Proxmox VE."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", proxmox.certificate)
    token = {"user": proxmox_server.USER, "token_id": proxmox_server.TOKEN, "token_secret": proxmox_server.SECRET}
    place = {"host": "127.0.0.1", "port": proxmox.port, "node": "pve1", "storage": "local-lvm"}
    yield {"name": "cluster", "platform": "proxmox", **place, **token}
    proxmox.clear()


@pytest.fixture
def promoted(tmp_path):
    return Promoted(tmp_path)


@pytest.fixture
def play(tmp_path, promoted):
    """Run a playbook of the collection on the template; whether it went well, and what it printed."""
    environment()

    def run(name, targets, *arguments, **variables):
        about = {
            "image_dest": str(promoted.dest),
            "evidence_dir": str(promoted.evidence),
            "image_user": "bob",
            "publish_targets": targets,
            **variables,
        }
        local = {"ansible_connection": "local", "ansible_python_interpreter": str(PYTHON)}
        inventory = {"all": {"hosts": {"localhost": local}}, "templates": {"hosts": {promoted.name: {}}, "vars": about}}
        (tmp_path / "inventory.json").write_text(json.dumps(inventory))
        ansible = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [ansible, "-i", tmp_path / "inventory.json", *arguments, TOP / "playbooks" / f"{name}.yml"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        except subprocess.TimeoutExpired as problem:
            pytest.fail(f"{name} did not end within {problem.timeout} seconds; it said:\n{(problem.stdout or b'').decode()}")
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        assert proxmox_server.SECRET not in done.stdout + done.stderr
        return done.returncode == 0, done.stdout + done.stderr

    return run
