# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real apt in directories that hold a Debian, against an archive that is made and signed here. These tests need root."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import base, chrooted
from archive import Archive, Key, run

PROJECT = Path(__file__).parents[3]
# A second try would only take time here, and a message of a translation would say the same.
CONFIGURATION = 'Acquire::Retries "0";\nAcquire::Languages "none";\n'
# What of a system must be as it was after something was refused.
KEPT = ("/etc", "/usr", "/boot", "/var/lib/dpkg/status", "/var/lib/dpkg/info")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """The key that the systems trust, and somebody else's."""
    place = tmp_path_factory.mktemp("keys")
    made = [Key(place / "own"), Key(place / "other", "Somebody else")]
    yield made
    for key in made:
        key.end()


@pytest.fixture
def archive(keys, tmp_path):
    return Archive(tmp_path / "archive", keys[0])


class System:
    """A Debian in a directory that knows no archive of its own."""

    def __init__(self, root):
        self.root = root

    @property
    def host(self):
        """As a new call of a module sees it."""
        return chrooted.host(self.root)

    def put(self, path, text):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def install(self, *packages):
        run("chroot", self.root, "dpkg", "--install", *[self._inside(package) for package in packages])

    def _inside(self, package):
        shutil.copy(package, self.root / "tmp")
        return f"/tmp/{package.name}"

    def run(self, *argv):
        return run("chroot", self.root, *argv).stdout

    def version(self, package):
        return self.host.packages.versions.get(package)

    def digest(self):
        """What a refused patch must leave as it was."""
        found = hashlib.sha256()
        for place in KEPT:
            top = self.root / place.lstrip("/")
            for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
                found.update(f"{path} {path.lstat().st_mode} {path.lstat().st_size} {path.lstat().st_mtime_ns}\n".encode())
        return found.hexdigest()


def unpacked(suite, place):
    """A fresh system that trusts no archive."""
    place.mkdir(exist_ok=True)
    run("tar", "--extract", "--file", base.make(suite), "--directory", place)
    place.chmod(0o755)
    for left in (place / "etc/apt").glob("sources.list*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    (place / "etc/apt/sources.list.d").mkdir()
    (place / "etc/apt/apt.conf.d/tests").write_text(CONFIGURATION)
    (place / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (place / "usr/sbin/policy-rc.d").chmod(0o755)
    return System(place)


@pytest.fixture(scope="session")
def systems(tmp_path_factory):
    """Each Debian is unpacked once; a test brings packages of its own."""
    return functools.cache(lambda suite: unpacked(suite, tmp_path_factory.mktemp(suite)))


@pytest.fixture
def system(systems):
    return systems("bookworm")


@pytest.fixture(params=["bookworm", "trixie"])
def any_system(request, systems):
    """Where releases of apt say the same in other words."""
    return systems(request.param)
