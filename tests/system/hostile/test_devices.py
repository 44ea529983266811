# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packages may bring device nodes, and not one of them works; who makes them makes nothing anywhere else, whatever is tried on him."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import program
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import Walls
from arming import put

ATTACK = "usr/local/bin/devices"
WALLS = ["strong", "reduced"]


@pytest.fixture(scope="module")
def attacking(tree):
    put(tree, ATTACK, Path(__file__).with_name("devices.py").read_text(encoding="utf-8"))
    return tree


def attack(command, program_text=None):
    done = subprocess.run(
        [*command, "/usr/bin/python3", *(["-"] if program_text else [f"/{ATTACK}"])],
        input=program_text,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=None if program_text else subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def outside(tree):
    """What lies around the tree where nothing was before."""
    return [path for place in (tree.parent, tree.parent.parent, Path("/"), Path("/tmp"), Path("/run")) for path in place.glob("reached*")]


def test_the_program_reaches_devices_in_a_chroot(attacking):
    """Else it would prove nothing."""
    script = 'mount -t tmpfs -o mode=1777 tmpfs "$0/tmp" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@" devices'
    found = attack(["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(attacking)])
    assert any(value == "opened" for value in found["reached"].values()), found


@pytest.mark.parametrize("isolation,options", [("strong", ()), ("reduced", ()), ("reduced", ("--networks",))])
def test_in_a_directory(attacking, isolation, options):
    network = {"hosts": [], "proxy": ""}
    assert attack([*program.once_command(program.python(), str(attacking), isolation, network), *options]) == {"reached": {}, "wrong": {}}
    assert outside(attacking) == []


@pytest.mark.parametrize("isolation", WALLS)
def test_in_a_session(attacking, disk, tmp_path, isolation):
    opened = Session(str(tmp_path / "sessions/hostile"), walls=Walls(isolation))
    opened.open(str(disk))
    try:
        assert attack([opened.path("enter")], (attacking / ATTACK).read_text(encoding="utf-8")) == {"reached": {}, "wrong": {}}
        assert outside(attacking) == [] and "reached" not in os.listdir(opened.directory)
    finally:
        opened.discard()


@pytest.mark.parametrize("isolation", WALLS)
def test_devices_of_a_filesystem_below_do_not_work_either(attacking, tmp_path, isolation):
    """A directory with a mount of the build host's in it, such as one that somebody left there."""
    place = attacking / "mnt"
    entering = program.once_command(program.python(), str(attacking), isolation, {"hosts": [], "proxy": ""})
    script = 'mount -t tmpfs -o mode=755 tmpfs "$0" && mknod -m 666 "$0/full" c 1 7 && head -c 1 "$0/full" | wc -c && exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(place), *entering, "head", "-c", "1", "/mnt/full"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == "1\n" and "Permission denied" in done.stderr, done
