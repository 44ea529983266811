# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is mounted on a host, and what it lends to others over NFS."""

from __future__ import annotations

import re
from dataclasses import dataclass

EXPORTED = "/var/lib/nfs/etab"


@dataclass(frozen=True)
class Mounted:
    """One line of /proc/mounts."""

    source: str
    where: str
    type: str


def mounted(host, types):
    """What is mounted with one of these types; systemd's own automounts need no other program."""
    lines = (line.split() for line in host.lines("/proc/mounts"))
    found = [Mounted(_unquoted(words[0]), _unquoted(words[1]), words[2]) for words in lines if len(words) > 2]
    return [mount for mount in found if mount.type in types and mount.source != "systemd-1"]


def exported(host):
    """The folders that the kernel serves over NFS now; its threads show no sockets (exportfs(8))."""
    threads = (host.read("/proc/fs/nfsd/threads") or "0").strip()
    return sorted({line.split()[0] for line in host.lines(EXPORTED) if line.split()}) if threads != "0" else []


def _unquoted(path):
    """A path in which blanks are octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
