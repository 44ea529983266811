# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a session is made with: where it lies, how long things may take, and how the template is kept from the build host."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import STRONG

WORK_DIR = "/var/lib/hygeia/sessions"
# The names in a session's directory.
JOURNAL, OVERLAY, UNPACKED = "journal.json", "overlay.qcow2", "unpacked"
DISK, ROOT, PIDFILE, USED = "disk", "root", "daemon.pid", "used"


def numbered(name: str, number: int) -> str:
    """The name of what every disk has of its own: the first disk's is the plain one, ``overlay2.qcow2`` is that of the second."""
    stem, dot, end = name.partition(".")
    return f"{stem}{number if number > 1 else ''}{dot}{end}"


def is_numbered(found: str, name: str) -> bool:
    """Is this such a name, whichever the disk?"""
    stem, dot, end = name.partition(".")
    middle = found[len(stem) : len(found) - len(dot + end)]
    return found == f"{stem}{middle}{dot}{end}" and (middle == "" or middle.isdecimal())


class Limits:
    """How long things may take, in seconds."""

    def __init__(self, teardown: int = 60, lifetime: float = 4 * 3600, lease: int = 3600, promote: int = 3600) -> None:
        self.teardown = teardown
        self.lifetime = lifetime
        self.lease = lease
        self.promote = promote


class Walls:
    """How the template is kept from the build host: the isolation, and where commands with network may go (sandbox/proxy.py)."""

    def __init__(self, isolation: str = STRONG, hosts: Sequence[str] = (), proxy: str = "") -> None:
        self.isolation = isolation
        self.network = {"hosts": list(hosts), "proxy": proxy}
