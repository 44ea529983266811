# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses a module of the running kernel: what is mounted with it, the devices that it drives, sockets and other modules."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.running.mounts import mounted

# Modules whose filesystems go by other names than their own.
_TYPES = {"isofs": ("iso9660",), "nfs": ("nfs", "nfs4"), "nfsv4": ("nfs4",), "fuse": ("fuse", "fuseblk", "fusectl")}


@dataclass(frozen=True)
class Loaded:
    """A line of /proc/modules: how many use a module, and which of them are modules."""

    count: int
    holders: tuple


def types(module):
    """The filesystems that a module knows."""
    return _TYPES.get(module, (module,))


def loaded(host):
    """The modules of the running kernel by name; a module that is used and cannot be unloaded counts one user more."""
    found = {}
    for words in (line.split() for line in host.lines("/proc/modules")):
        count = int(words[2]) if words[2].isdigit() else 1
        found[words[0]] = Loaded(count, tuple(holder for holder in words[3].split(",") if holder not in ("", "-", "[permanent]")))
    return found


def user(host, modules, module):
    """Who uses a module of those that are ``loaded``, in words that follow its name; else an empty string."""
    for mount in mounted(host, types(module)):
        return f"mounts {mount.source} on {mount.where}"
    if module not in modules:
        return ""
    device = next((path for path in host.glob(f"/sys/module/{module}/drivers/*/*") if _is_device(host, path)), "")
    if device:
        return f"drives the device {os.path.basename(device)}"
    entry = modules[module]
    if entry.holders:
        return f"serves the module {entry.holders[0]}"
    return f"has {entry.count} users, such as open sockets" if entry.count else ""


def _is_device(host, path):
    """A driver's folder links to each device that it is bound to, and to its module."""
    return os.path.islink(host.entry(path)) and os.path.basename(path) != "module"
