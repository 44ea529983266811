# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The last steps of a process before a template's program takes its place; after them there is no way back."""

from __future__ import annotations

import os
import resource

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import kernel, syscalls
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import MEMORY, PROCESSES

# capabilities(7) that patching needs, which in a strong sandbox count for the template's own files and networks alone.
NUMBERS = {
    "chown": 0,
    "dac_override": 1,
    "fowner": 3,
    "fsetid": 4,
    "kill": 5,
    "setgid": 6,
    "setuid": 7,
    "setpcap": 8,
    "net_bind_service": 10,
    "sys_chroot": 18,
    "audit_write": 29,
    "setfcap": 31,
}
RIGHTS = sum(1 << number for number in NUMBERS.values())
# What the trial of a packet filter needs besides, in networks that the command makes itself.
FOR_NETWORKS = {"net_admin": 12, "net_raw": 13, "sys_admin": 21}


def confine(userns: int | None, networks: bool = False) -> int:
    """Give up everything: the user, the capabilities, most system calls, and what may be used up.

    ``userns`` is a descriptor of the user namespace to be in, or None. With ``networks``, which needs one, the process is alone in
    a network namespace of its own and may make more of them. Returns the descriptor that tells of calls to make devices (nodes.py).
    """
    kernel.join_new_keyring()
    _limit()
    if userns is not None:
        kernel.setns(userns, kernel.CLONE_NEWUSER)
    if networks:
        kernel.unshare(kernel.CLONE_NEWNET)
        kernel.loopback_up()
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    listener = kernel.install_filter(syscalls.program(os.uname().machine, networks))
    kernel.set_capabilities(RIGHTS | (sum(1 << number for number in FOR_NETWORKS.values()) if networks else 0))
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    os.umask(0o022)
    return listener


def _limit() -> None:
    limits = {
        # Of one byte, not of none: else the build host's core_pattern(5) might start a program of its own, as root.
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_DATA: MEMORY,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_NOFILE: 65536,
        resource.RLIMIT_MEMLOCK: 8 << 20,
        resource.RLIMIT_MSGQUEUE: 1 << 20,
    }
    for limit, value in limits.items():
        unused_soft, hard = resource.getrlimit(limit)
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (wanted, wanted))
