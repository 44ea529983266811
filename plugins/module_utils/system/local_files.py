# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything on the local filesystems of a system, met once and without following a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import Met, descend
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

# What is made anew at each boot, and stores whose files belong to other systems than this one.
SKIPPED = frozenset(
    (
        "/dev",
        "/proc",
        "/run",
        "/sys",
        "/snap",
        "/var/lib/containerd",
        "/var/lib/containers",
        "/var/lib/docker",
        "/var/lib/incus",
        "/var/lib/kubelet",
        "/var/lib/libvirt/images",
        "/var/lib/lxc",
        "/var/lib/lxd",
        "/var/lib/machines",
        "/var/lib/rancher",
        "/var/snap",
    )
)
LOCAL = frozenset("ext2 ext3 ext4 xfs btrfs f2fs jfs reiserfs zfs bcachefs overlay".split())
# Where programs live comes first, so that a walk which ends early has seen it.
FIRST = ("usr", "etc", "boot", "root", "opt", "home", "srv", "var")
LIMIT = 1_000_000


class Walk:
    """Yields a Met for all that is no symbolic link, or with ``links`` for these too; ``ended`` is true when the limit cut it short.

    ``left_out(path)`` says which directories are not entered in addition to ``skipped``,
    ``unread`` holds those that could not be.
    """

    def __init__(
        self,
        host: Host,
        left_out: Callable[[str], bool] = lambda path: False,
        limit: int = LIMIT,
        skipped: frozenset[str] = SKIPPED,
        links: bool = False,
    ) -> None:
        self.host = host
        self.left_out = left_out
        self.limit = limit
        self.skipped = skipped
        self.links = links
        self.ended = False
        self.unread: list[str] = []

    def __iter__(self) -> Iterator[Met]:
        self._elsewhere = self._mounted_from_elsewhere()
        top = os.open(self.host.path("/"), os.O_PATH | os.O_DIRECTORY)
        try:
            self._device = os.fstat(top).st_dev
            for number, met in enumerate(met for met in descend(top, self._enters, self.unread.append, _order) if not met.left):
                if number == self.limit:
                    self.ended = True
                    return
                if self.links or not stat.S_ISLNK(met.found.st_mode):
                    yield met
        finally:
            os.close(top)

    def _enters(self, met: Met) -> bool:
        if met.path in self.skipped or met.path in self._elsewhere or self.left_out(met.path):
            return False
        return met.found.st_dev == self._device or self.host.root == "/"

    def _mounted_from_elsewhere(self) -> frozenset[str]:
        """Where filesystems are mounted that are not on disks of this machine; a tree has only its own."""
        if self.host.root != "/":
            return frozenset()
        found = set()
        for line in self.host.lines("/proc/self/mountinfo"):
            fields, unused_dash, behind = line.partition(" - ")
            if behind and words_of(behind)[0] not in LOCAL:
                found.add(words_of(fields)[4].replace("\\040", " "))
        return frozenset(found)


def _order(name: str) -> int:
    return FIRST.index(name) if name in FIRST else len(FIRST)
