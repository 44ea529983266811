# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What this host uses of other machines' files, and what it lends of its own (nfs(5), mount.cifs(8), exportfs(8))."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.agents.machines import shown
from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import exported, mounted

# Filesystems whose source is another machine, or the hypervisor.
REMOTE = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "lustre", "beegfs", "afs", "gpfs", "davfs", "9p", "virtiofs", "vboxsf"),
    *("fuse.glusterfs", "fuse.ceph", "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.davfs2", "sshfs"),
)
_SERVER = re.compile(r"//([^/\\]+)|\[([0-9A-Fa-f:%.]+)\]:|(?:[^@/]*@)?([\w.-]+(?:,[\w.-]+)*)(?::\d+)?:", re.A)


def mounts(host: Host) -> list[dict[str, Any]]:
    """Those that are mounted, and those of fstab that are not now; a password in a source is not reported."""
    found = {each.where: (each.source, each.type, True) for each in mounted(host, REMOTE)}
    for entry in fstab.of(host):
        if entry.types[0] in REMOTE:
            found.setdefault(entry.where, (entry.source, entry.types[0], False))
    return [
        {"source": shown(source), "server": _server(source), "where": where, "type": kind, "mounted": now}
        for where, (source, kind, now) in sorted(found.items())
    ]


def exports(host: Host) -> list[str]:
    return exported(host)


def _server(source: str) -> str:
    found = _SERVER.match(source.replace("\\", "/"))
    return next((name for name in found.groups() if name), "") if found else ""
