# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each profile for a kind of server leaves a system that boots, lets its administrator in and does its work."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.first_start import FETCHES

# Rules of auditing are the kernel's, which a container shares with its host.
NOT_IN_A_CONTAINER = {"audit-rules.service"}


def test_it_boots_without_a_failed_unit(guest):
    failed = guest.run("systemctl", "list-units", "--state=failed", "--plain", "--no-legend").stdout
    units = {line.split()[0] for line in failed.splitlines()} - NOT_IN_A_CONTAINER
    broken = sorted(unit for unit in units if not cut_off(guest, unit))
    logs = "".join(guest.run("journalctl", "--no-pager", "--unit", unit).stdout for unit in broken)
    assert not broken, f"perhaps by a package that the archive has only since today:\n{logs}"


def cut_off(guest, unit):
    """Did a unit fail since the guest has no network?"""
    code = guest.run("systemctl", "show", "--property=ExecMainStatus", "--value", unit).stdout.strip()
    return unit in FETCHES and code in FETCHES[unit].unreachable


def test_ssh_answers(guest):
    script = "import socket; print(socket.create_connection(('127.0.0.1', 22), 10).recv(3).decode())"
    assert guest.run("python3", "-c", script).stdout == "SSH\n"


def test_the_administrator_becomes_root(guest):
    tried = guest.run(
        "setsid",
        "--wait",
        "runuser",
        "--pty",
        "--user",
        "ada",
        "--",
        "sudo",
        "--non-interactive",
        "sh",
        "-c",
        "exit $((42 + $(id --user)))",
    )
    assert tried.returncode == 42, tried


def test_apt_knows_its_packages(guest):
    assert guest.run("apt-get", "check").returncode == 0


@pytest.mark.parametrize("port", [104, 2575, 11112])
def test_an_application_can_listen_for_images(guest, port):
    """Whatever the profile is about, hardening does not keep a service from its port."""
    script = f"import socket; s = socket.create_server(('127.0.0.1', {port})); socket.create_connection(s.getsockname(), 5); print('heard')"
    assert guest.run("python3", "-c", script).stdout == "heard\n"
