# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ways past the network: directories that the hypervisor shares with a guest, and agents that share its clipboard and files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import mounted
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import DIRECTORIES, Units

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# The filesystems by which hypervisors share directories: QEMU's two, VirtualBox's, VMware's and Parallels'.
TYPES = ("9p", "virtiofs", "vboxsf", "vmhgfs", "fuse.vmhgfs-fuse", "fuse.vmware-vmblock", "prl_fs")


@dataclass(frozen=True)
class Agent:
    """A program for a console with a desktop; with all its units masked it does nothing."""

    name: str
    shares: str
    programs: tuple[str, ...]
    units: tuple[str, ...] = ()


AGENTS = (
    Agent(
        "spice-vdagent",
        "the clipboard and files",
        ("/usr/bin/spice-vdagent", "/usr/sbin/spice-vdagentd"),
        ("spice-vdagentd.service", "spice-vdagentd.socket"),
    ),
    Agent("spice-webdavd", "directories", ("/usr/sbin/spice-webdavd",), ("spice-webdavd.service",)),
    Agent("open-vm-tools-desktop", "the clipboard and files", ("/usr/bin/vmware-user", "/usr/bin/vmware-user-suid-wrapper")),
    Agent("virtualbox-guest", "the clipboard and directories", ("/usr/bin/VBoxClient", "/usr/sbin/VBoxService")),
    Agent(
        "hyperv-fcopy",
        "files",
        ("/usr/sbin/hv_fcopy_daemon", "/usr/sbin/hypervfcopyd"),
        ("hv-fcopy-daemon.service", "hypervfcopyd.service"),
    ),
    Agent("parallels-tools", "the clipboard and directories", ("/usr/bin/prltoolsd", "/usr/bin/prlcc", "/usr/bin/prlcp")),
)


def directories(host: Host) -> dict[str, str]:
    """Each shared directory that is mounted, or that a boot mounts: {mount point: where that is written}."""
    found = {entry.where: fstab.PATH for entry in fstab.of(host) if set(entry.types) & set(TYPES)}
    for path in (path for directory in DIRECTORIES for path in host.glob(f"{directory}/*.mount")):
        values = dict(re.findall(r"^\s*(Type|Where)\s*=\s*(\S+)", host.read(path) or "", re.M | re.A))
        if values.get("Type") in TYPES and "Where" in values:
            found.setdefault(values["Where"], path)
    if host.booted:
        found.update({mount.where: "/proc/mounts" for mount in mounted(host, TYPES)})
    return found


def agents(host: Host) -> dict[str, str]:
    """Each agent that is there and could run, or does, with a sentence: {name: sentence}."""
    units, processes = Units(host, []), Processes(host) if host.booted else None
    found = {}
    for agent in AGENTS:
        programs = [program for program in agent.programs if os.path.exists(host.path(program))]
        states = [state for state in map(units.state, agent.units) if state]
        if processes and processes.running(agent.programs):
            found[agent.name] = f"{agent.name} runs and shares {agent.shares} with whoever has the console: stop it and remove its package"
        elif programs and not (states and set(states) == {"masked"}):
            found[agent.name] = f"{programs[0]} is there and shares {agent.shares} with whoever has the console: remove its package"
    return found
