# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions on real disks. These tests need root, FUSE and loop devices, and leave nothing behind."""

from __future__ import annotations

import glob
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import fuse_export, inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import control_groups
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from ansible_collections.hygeia.golden.tests.templates import images, session_driver

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def stock(tmp_path_factory):
    """A directory for images that several tests start from."""
    return tmp_path_factory.mktemp("stock")


@pytest.fixture(scope="session")
def tree(stock):
    return images.system(stock / "tree")


@pytest.fixture(scope="session")
def plain(stock, tree):
    """A bare ext4 filesystem as qcow2, the quickest template there is. Tests only read it."""
    return images.qcow2(images.filesystem("ext4", stock / "plain.raw", tree), stock / "plain.qcow2")


@pytest.fixture
def lab(tmp_path):
    """Whatever a test leaves open when it fails is in nobody's way."""
    lab = Lab(tmp_path)
    yield lab
    if (lab.directory / "journal.json").exists():
        lab.start("discarded").communicate(timeout=60)


class Lab:
    """A build host's directories, and the module run in a process of its own."""

    def __init__(self, place):
        self.place = place
        self.work_dir = place / "sessions"
        self.dest = place / "golden"
        self.directory = self.work_dir / "web"

    def command(self, state, **params):
        """The command line of one call of the module."""
        params = {"state": state, "session": "web", "work_dir": self.work_dir, "dest": self.dest, "version": "1", **params}
        return [sys.executable, session_driver.__file__, json.dumps(params, default=str)]

    def start(self, state, environ=None, **params):
        """Begin one call of the module."""
        return subprocess.Popen(self.command(state, **params), stdout=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})})

    def do(self, state, **params):
        """One call of the module that succeeds; returns its result."""
        result = self.result(self.start(state, **params))
        assert "msg" not in result, result["msg"]
        return result

    def refused(self, state, **params):
        """One call of the module that fails; returns its sentence."""
        return self.result(self.start(state, **params))["msg"]

    @staticmethod
    def result(process):
        out, unused_err = process.communicate(timeout=60)
        return json.loads(out)

    def kill_at(self, step, state, **params):
        """Begin a call that is killed as soon as its journal shows a step."""
        process = self.start(state, {"KILL_AT": step}, **params)
        out, unused_err = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, f"{state} ended before the step {step}: {out}"

    def run(self, *argv, **kwargs):
        """A command in the template."""
        return subprocess.run([str(self.directory / "enter"), *argv], capture_output=True, text=True, check=False, **kwargs)

    def journal(self):
        return json.loads((self.directory / "journal.json").read_text())

    def kill(self, who):
        os.kill(self.journal()[who]["pid"], signal.SIGKILL)

    def leftovers(self):
        """Everything of this lab that is still about."""
        work = str(self.place)
        found = [f"file {path}" for path in sorted(self.work_dir.glob("*"))] if self.work_dir.exists() else []
        found += [f"file {path}" for path in sorted(self.dest.glob(".*")) if path.name != ".lock"] if self.dest.exists() else []
        found += [
            f"control group {path}"
            for path in glob.glob(f"{control_groups.ROOT}/**/{control_groups.name(os.path.realpath(self.directory))}")
        ]
        devices = set()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_text(errors="replace")
                mounts = (process / "mountinfo").read_text(errors="replace")
            except OSError:
                continue
            devices.update(line.split(" ")[2] for line in mounts.splitlines())
            if any(str(directory) in words for directory in (self.work_dir, self.dest)) and int(process.name) != os.getpid():
                found.append(f"process {words}")
            found += [f"mount {line} of process {process.name}" for line in mounts.splitlines() if f" {work}/sessions/" in line]
        return found + orphans(devices)

    def assert_clean(self, source, digest):
        """Nothing is left, and the template is what it was."""
        assert wait_until(lambda: not self.leftovers(), 10), self.leftovers()
        assert inspection.sha256(str(source)) == digest


def orphans(alive):
    """Loop devices and FUSE connections of disks that are mounted nowhere; other sessions on this machine have theirs."""
    loops = json.loads(images.call("losetup", "--list", "--json", "--output", "NAME,BACK-MAJ:MIN") or '{"loopdevices": []}')
    found = [
        f"loop device {loop['name']}"
        for loop in loops["loopdevices"]
        # One that is just being detached has no file behind it any more.
        for backing in [(loop["back-maj:min"] or "").strip()]
        if backing.startswith("0:") and backing not in alive
    ]
    script = f"mountpoint -q {fuse_export.CONNECTIONS} || mount -t fusectl fusectl {fuse_export.CONNECTIONS}; ls {fuse_export.CONNECTIONS}"
    connections = images.call("unshare", "--mount", "--propagation", "private", "sh", "-c", script).split()
    return found + [f"FUSE connection {number}" for number in connections if f"0:{number}" not in alive]
