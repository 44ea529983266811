# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is mounted on a host, and what it lends to others over NFS."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.system.fstab import unquoted
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

EXPORTED = "/var/lib/nfs/etab"


@dataclass(frozen=True)
class Mounted:
    """One line of /proc/mounts."""

    source: str
    where: str
    type: str


def mounted(host: Host, types: Collection[str] | None = None) -> list[Mounted]:
    """What is mounted, or only with one of these types; systemd's own automounts need no other program."""
    lines = (words_of(line) for line in host.lines("/proc/mounts"))
    found = [Mounted(unquoted(words[0]), unquoted(words[1]), words[2]) for words in lines if len(words) > 2]
    return [mount for mount in found if (types is None or mount.type in types) and mount.source != "systemd-1"]


def exported(host: Host) -> list[str]:
    """The directories that the kernel serves over NFS now; its threads show no sockets (exportfs(8))."""
    threads = (host.read("/proc/fs/nfsd/threads") or "0").strip(BLANKS)
    return sorted({words_of(line)[0] for line in host.lines(EXPORTED) if words_of(line)}) if threads != "0" else []
