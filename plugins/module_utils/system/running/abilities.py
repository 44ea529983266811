# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which processes use an ability of the kernel that a parameter takes away."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes


def namespaced(host: Host) -> str:
    """A process in a user namespace of its own, such as a container's or a browser's, in one sentence."""
    processes = Processes(host)
    own = processes.link(1, "ns/user")
    inside = next((process for process in processes.all if own and processes.link(process.number, "ns/user") not in ("", own)), None)
    return f"{inside} runs in a user namespace" if inside else ""


def rings(host: Host) -> str:
    """A process that holds an io_uring, in one sentence."""
    processes = Processes(host)
    holder = next((process for process in processes.all if "anon_inode:[io_uring]" in processes.links(process.number, "fd")), None)
    return f"{holder} uses io_uring" if holder else ""


def traced(host: Host) -> str:
    """A process that another one than its parent debugs, in one sentence."""
    processes = Processes(host)
    by_number = {process.number: process for process in processes.all}
    for process in processes.all:
        status = dict(re.findall(r"^(\w+):\t(\d+)$", host.read(f"/proc/{process.number}/status") or "", re.M | re.A))
        tracer = by_number.get(int(status.get("TracerPid", 0)))
        if tracer and status.get("PPid") != str(tracer.number) and tracer.user != "root":
            return f"{tracer} debugs {process}"
    return ""
