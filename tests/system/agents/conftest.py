# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole Debian with many agents from its own packages. These tests need root and a Debian mirror, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.tests.templates import small

PACKAGES = """
    systemd-sysv rsyslog rsyslog-gnutls systemd-journal-remote audispd-plugins restic borgmatic bacula-fd prometheus-node-exporter
    zabbix-agent2 nagios-nrpe-server clamav-daemon qemu-guest-agent open-vm-tools hyperv-daemons cloud-init cron
""".split()


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def run(*argv):
    return subprocess.run(argv, check=True, text=True, capture_output=True)


@pytest.fixture(scope="session")
def stock():
    """The tar file of a Debian with the agents, made once."""
    return small.make("agents", "bookworm", PACKAGES)


@pytest.fixture(scope="module")
def root(stock, tmp_path_factory):
    """A system as Debian installs it."""
    directory = tmp_path_factory.mktemp("agents")
    run("tar", "--extract", "--file", str(stock), "--directory", str(directory))
    return directory
