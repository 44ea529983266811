# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real restic and real borg of two releases of Debian, in trees and in a booted guest. These tests need root and a Debian mirror."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.backup.proof import Objectives, Proof
from ansible_collections.hygeia.golden.tests.templates import chrooted, small

PROJECT = Path(__file__).parents[3]
# The older release is booted too, and its rclone serves a repository that only takes.
PACKAGES = {
    "bookworm": "systemd-sysv dbus cron python3 openssh-server restic borgbackup borgmatic rclone".split(),
    "trixie": "restic borgbackup".split(),
}
PASSWORD = "Gletscher-73-Forelle"
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "TZ": "UTC"}
OLD = "2026-01-01 10:00:00"


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


class System:
    """A Debian in a directory that makes backups."""

    def __init__(self, root):
        self.root = root

    def run(self, script, **environ):
        """A few lines of shell of this system, which must succeed."""
        done = subprocess.run(
            ["chroot", str(self.root), "sh", "-euc", script], capture_output=True, text=True, check=False, env={**ENVIRON, **environ}
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def path(self, path):
        return self.root / path.lstrip("/")

    def prove(self, declared, check=True, **wanted):
        """The records of a proof by what they prove."""
        environment = {"BORG_BASE_DIR": f"{declared.get('repository')}.base", **declared.get("environment", {})}
        wanted = {"recovery_point": 86400, "retention": 86400, "recovery_time": 600, **wanted}
        host = chrooted.host(self.root, check=check, environ=ENVIRON)
        records = Proof(
            host, {"password_file": "/root/password", "limit": 8, **declared, "environment": environment}, Objectives(**wanted)
        ).records()
        print(*(f"{record['control']} {record['status']} {record['message']}" for record in records), sep="\n")
        return {record["control"].split("-", 1)[1]: record for record in records}

    def copy(self, repository, name):
        """The path of a copy of a repository that may be broken."""
        self.run(f"rm -rf /srv/{name} /srv/{name}.base; cp -a {repository} /srv/{name}")
        return f"/srv/{name}"

    @property
    def left(self):
        """What proofs left where they restore to."""
        return [entry for entry in os.listdir(self.path("/run")) if entry.startswith(".hygeia")]


@pytest.fixture(scope="session")
def older(tmp_path_factory):
    """A system of the older release, whose products say less by codes and more by words."""
    with made("bookworm", tmp_path_factory) as system:
        yield system


@pytest.fixture(scope="session")
def newer(tmp_path_factory):
    """A system of the newer release."""
    with made("trixie", tmp_path_factory) as system:
        yield system


@pytest.fixture(params=["older", "newer"])
def system(request):
    """Either, for what both must say in their own words."""
    return request.getfixturevalue(request.param)


@contextlib.contextmanager
def made(suite, tmp_path_factory):
    """A system with a repository of restic and one of borg, both with an old backup and a young one."""
    root = tmp_path_factory.mktemp("backup") / suite
    root.mkdir()
    subprocess.run(["tar", "--extract", f"--file={small.make('backup', suite, PACKAGES[suite])}", f"--directory={root}"], check=True)
    system = System(root)
    subprocess.run(["mount", "-t", "proc", "proc", str(system.path("/proc"))], check=True)
    try:
        system.path("/root/password").write_text(PASSWORD + "\n", encoding="utf-8")
        system.path("/srv/data").mkdir()
        system.path("/srv/data/images").write_bytes(os.urandom(3_000_000))
        system.path("/srv/data/letter").write_text("Dear colleague\n", encoding="utf-8")
        system.run(
            f"""
            restic init --quiet
            restic backup --quiet --time '{OLD}' /srv/data
            restic backup --quiet /srv/data
            borg init --encryption repokey-blake2
            borg create --timestamp '{OLD.replace(" ", "T")}' ::old /srv/data
            borg create ::young /srv/data
        """,
            **repositories(),
        )
        yield system
    finally:
        subprocess.run(["umount", str(system.path("/proc"))], check=True)
        shutil.rmtree(root)


def repositories(restic="/srv/restic", borg="/srv/borg"):
    """The environment in which both products know their repository; borg remembers each by itself, for a copy would be a fraud."""
    return {
        "RESTIC_REPOSITORY": restic,
        "RESTIC_PASSWORD_FILE": "/root/password",
        "BORG_REPO": borg,
        "BORG_PASSCOMMAND": "cat /root/password",
        "BORG_BASE_DIR": borg + ".base",
    }


@pytest.fixture(scope="session")
def tar():
    """The tar file of the system that is booted."""
    return small.make("backup", "bookworm", PACKAGES["bookworm"])
