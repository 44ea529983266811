# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a system starts by itself, and where it listens."""

from __future__ import annotations

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.manifest.unread import Unread
from ansible_collections.hygeia.golden.plugins.module_utils.system import cron
from ansible_collections.hygeia.golden.plugins.module_utils.system import units as unit_files
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running import sockets
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.probe import Probe, Rejected

Items = dict[str, Any]


def units(host: Host) -> Items:
    return dict(unit_files.written(host))


def crontabs(host: Host) -> Items:
    """The jobs of cron, each with when it starts; a table that cron refuses does nothing, whatever it says."""
    found: Items = {}
    for job in cron.jobs(host):
        found.setdefault(f"{job.path}: {job.command}", []).append(job.when)
    return {name: sorted(times) for name, times in found.items()}


def listeners(host: Host) -> Items:
    if not host.booted:
        raise Unread("the system does not run")
    return {
        f"{socket.protocol} {socket.address} {socket.port}": ", ".join(programs)
        for socket, programs in sockets.listeners(Processes(host)).items()
        if not socket.passing
    }


def sshd(host: Host) -> Items:
    """The effective configuration in sshd's own words (sshd(8), -T)."""
    if not host.which("sshd"):
        return {}
    try:
        with Probe(host) as probe:
            return dict(probe.effective())
    except Rejected as problem:
        raise Unread(f"sshd does not accept its configuration: {problem}") from problem
    except OSError as problem:
        raise Unread(f"sshd cannot be asked: {problem.strerror or problem}") from problem
