# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Root filesystems hardened with a profile each, and booted. These tests need root, overlayfs and a mirror."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.hygeia.golden.tests.system.ask.conftest import Guest

PROJECT = Path(__file__).parents[3]
# For a kind of server each; the others are enforced and booted by Molecule.
PROFILES = ("imaging-appliance", "ai-workload", "nprm-2025")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def memory(tmp_path_factory):
    memory = tmp_path_factory.mktemp("profiles")
    run("mount", "-t", "tmpfs", "-o", "mode=0700", "profiles", memory)
    yield memory
    run("umount", "--recursive", memory)


@pytest.fixture(scope="session")
def trees(memory):
    """A Debian 13 for each profile, all over the same one with an administrator in it."""
    lower = memory / "lower"
    run(sys.executable, PROJECT / "tests/templates/build.py", "--format=directory", "--suite=trixie", f"--output={lower}")
    run("chroot", lower, "useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", "ada")
    (lower / "etc/sudoers.d/ada").write_text("ada ALL=(ALL) NOPASSWD: ALL\n", encoding="ascii")
    (lower / "etc/sudoers.d/ada").chmod(0o440)
    # The guest has no network to wait for.
    run("chroot", lower, "systemctl", "mask", "systemd-networkd-wait-online.service")
    trees = {profile: layered(memory / profile, lower) for profile in PROFILES}
    inventory = memory / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"trees": {"hosts": {profile: variables(profile, root) for profile, root in trees.items()}}}))
    run("ansible-playbook", "--inventory", inventory, Path(__file__).with_name("harden.yml"))
    return trees


def layered(place, lower):
    layers = {name: place / name for name in ("upper", "work", "merged")}
    for directory in layers.values():
        directory.mkdir(parents=True)
    options = f"lowerdir={lower},upperdir={layers['upper']},workdir={layers['work']}"
    run("mount", "-t", "overlay", "-o", options, "profiles", layers["merged"])
    return layers["merged"]


def variables(profile, root):
    return {
        "ansible_connection": "hygeia.golden.image",
        "ansible_image_root": str(root),
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_image_isolation": "reduced",  # the kernel maps no owners of an overlay
        "baseline_profile": profile,
    }


@pytest.fixture(scope="module", params=PROFILES)
def guest(request, trees):
    guest = Guest(trees[request.param], "profiles")
    yield guest
    guest.end()


def run(*argv):
    done = subprocess.run([str(word) for word in argv], text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{argv}:\n{(done.stdout + done.stderr)[-4000:]}"
