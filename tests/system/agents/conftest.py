# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole Debian with many agents from its own packages. These tests need root and a Debian mirror, and leave nothing behind."""

from __future__ import annotations

import glob
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
CACHE = PROJECT / ".build"
PACKAGES = (
    "systemd-sysv,rsyslog,rsyslog-gnutls,systemd-journal-remote,audispd-plugins,restic,borgmatic,bacula-fd,prometheus-node-exporter,"
    "zabbix-agent2,nagios-nrpe-server,clamav-daemon,qemu-guest-agent,open-vm-tools,hyperv-daemons,cloud-init,cron"
)


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def run(*argv):
    return subprocess.run(argv, check=True, text=True, capture_output=True)


@pytest.fixture(scope="session")
def stock():
    """The tar file of a Debian with the agents, made once."""
    digest = hashlib.sha256(PACKAGES.encode()).hexdigest()[:12]
    tar = CACHE / f"agents-bookworm-{digest}.tar"
    if not tar.exists():
        CACHE.mkdir(exist_ok=True)
        for old in glob.glob(f"{CACHE}/agents-bookworm-*"):
            os.unlink(old)
        mirror = f"deb {_mirror()} bookworm main"
        run("mmdebstrap", "--mode=root", "--format=tar", "--variant=minbase", f"--include={PACKAGES}", "bookworm", f"{tar}.part", mirror)
        os.rename(f"{tar}.part", tar)
    return tar


def _mirror():
    """Where this machine gets Debian's packages; the template's recipe knows."""
    sys.path.insert(0, str(PROJECT / "tests/templates"))
    try:
        import base  # pylint: disable=import-outside-toplevel
        return base.mirrors()["main"]
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def root(stock, tmp_path_factory):
    """A system as Debian installs it."""
    folder = tmp_path_factory.mktemp("agents")
    run("tar", "--extract", "--file", str(stock), "--directory", str(folder))
    return folder
