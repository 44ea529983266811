# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses a module of the running kernel: what is mounted with it, the devices that it drives, sockets and other modules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import mounted
from ansible_collections.hygeia.golden.plugins.module_utils.util import numbers
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

# Modules whose filesystems go by other names than their own.
_TYPES = {
    "isofs": ("iso9660",),
    "ext4": ("ext4", "ext3", "ext2"),
    "ntfs3": ("ntfs3", "ntfs"),
    "freevxfs": ("freevxfs", "vxfs"),
    "cifs": ("cifs", "smb3"),
    "nfs": ("nfs", "nfs4"),
    "nfsv4": ("nfs4",),
    "fuse": ("fuse", "fuseblk", "fusectl", "ntfs-3g", "sshfs"),
}


@dataclass(frozen=True)
class Loaded:
    """A line of /proc/modules: how many use a module, and which of them are modules."""

    count: int
    holders: tuple[str, ...]


def types(module: str) -> tuple[str, ...]:
    """The filesystems that a module knows, by the name that fstab has for them."""
    return _TYPES.get(module, (module,))


def loaded(host: Host) -> dict[str, Loaded]:
    """The modules of the running kernel by name; a module that is used and cannot be unloaded counts one user more."""
    found = {}
    for words in (words_of(line) for line in host.lines("/proc/modules")):
        count = numbers.number(words[2])
        found[words[0]] = Loaded(
            1 if count is None else count, tuple(holder for holder in words[3].split(",") if holder not in ("", "-", "[permanent]"))
        )
    return found


def user(host: Host, modules: Mapping[str, Loaded], module: str) -> str:
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


def _is_device(host: Host, path: str) -> bool:
    """A driver's directory links to each device that it is bound to, and to its module."""
    return os.path.islink(host.entry(path)) and os.path.basename(path) != "module"
