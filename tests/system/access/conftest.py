# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole Debian systems on which people log in. These tests need root and a Debian mirror, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.tests.templates import chrooted, small

PROJECT = Path(__file__).parents[3]
PACKAGES = ["openssh-server", "sudo", "libpam-pwquality", "cracklib-runtime", "pamtester"]
RIGHT = "Gletscher-73-Forelle"
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
PEOPLE = ("ada", "bob", "eve", "kim", "lea")
# Without these nobody becomes ada from outside, and root's own password can be tried here.
LEFT_OUT = ("account-su-group", "account-lockout-root")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def load(area):
    with open(PROJECT / f"roles/baseline/files/controls/{area}.yml", encoding="utf-8") as stream:
        return [Control.load(control) for control in yaml.safe_load(stream)]


@pytest.fixture(scope="session")
def controls():
    return [control for area in ("account", "sudo", "ssh") for control in load(area) if control.id not in LEFT_OUT]


@pytest.fixture(scope="session", params=["bookworm", "trixie"])
def stock(request):
    """The tar file of a small Debian, made once."""
    return small.make("access", request.param, PACKAGES)


def run(*argv, **kwargs):
    return subprocess.run(argv, check=True, text=True, capture_output=True, **kwargs)


class System:
    """A Debian in a directory; people log in to it without booting it."""

    def __init__(self, root):
        self.root = root
        self.host = chrooted.host(root)

    def run(self, *argv, stdin=""):
        return subprocess.run(["chroot", str(self.root), *argv], input=stdin, text=True, capture_output=True, check=False, env=ENVIRON)

    def start(self, *argv, stdin=""):
        """Like ``run``, but without waiting; PAM waits two seconds after each wrong password."""
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["chroot", str(self.root), *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENVIRON,
        )
        process.stdin.write(stdin)
        process.stdin.close()
        return process

    def try_wrong(self, name, times):
        """So many wrong passwords for a name, all at once."""
        for process in [self.start(*self.become(name), stdin="wrong\n") for unused_try in range(times)]:
            process.wait()

    def opens(self, name, password=RIGHT):
        """Does a password open the account of a name to somebody who is nobody?"""
        return self.run(*self.become(name), stdin=password + "\n").stdout.strip() == name

    @staticmethod
    def become(name):
        return ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "su", name, "-c", "id -un")

    def change_password(self, name, password):
        return self.run("passwd", name, stdin=f"{password}\n{password}\n")


@pytest.fixture(scope="module")
def untouched(stock, tmp_path_factory):
    """A system as Debian makes it, with people who have a password."""
    root = tmp_path_factory.mktemp("system")
    run("tar", "--extract", "--file", str(stock), "--directory", str(root))
    root.chmod(0o755)
    run("mount", "-t", "proc", "proc", str(root / "proc"))
    system = System(root)
    (root / "run/sshd").mkdir(exist_ok=True)
    for name in PEOPLE:
        system.run("useradd", "--create-home", "--shell", "/bin/bash", name)
    system.run("chpasswd", stdin="".join(f"{name}:{RIGHT}\n" for name in (*PEOPLE, "root")))
    system.run("usermod", "--append", "--groups", "sudo", "bob")
    yield system
    run("umount", str(root / "proc"))


@pytest.fixture(scope="module")
def system(untouched, controls):
    """The same with every control of the area enforced."""
    done = enforce(untouched.host, controls)
    assert [outcome for outcome in done.outcomes if outcome["outcome"] in ("failed", "refused")] == []
    return untouched
