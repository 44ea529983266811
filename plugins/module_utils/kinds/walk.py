# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything on the local filesystems of a system, met once and without following a link."""

from __future__ import annotations

import os
from collections import deque

# What is made anew at each boot, and stores whose files belong to other systems than this one.
SKIPPED = frozenset((
    "/dev", "/proc", "/run", "/sys", "/snap",
    "/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/incus", "/var/lib/kubelet", "/var/lib/libvirt/images",
    "/var/lib/lxc", "/var/lib/lxd", "/var/lib/machines", "/var/lib/rancher", "/var/snap",
))
LOCAL = frozenset("ext2 ext3 ext4 xfs btrfs f2fs jfs reiserfs zfs bcachefs overlay".split())
# Where programs live comes first, so that a walk which ends early has seen it.
FIRST = ("usr", "etc", "boot", "root", "opt", "home", "srv", "var")
LIMIT = 1_000_000


class Walk:
    """Yields ``(path, stat)`` of all that is no symbolic link; ``ended`` tells when the limit cut it short.

    ``left_out(path)`` says which folders are not entered.
    """

    def __init__(self, host, left_out=lambda path: False, limit=LIMIT):
        self.host = host
        self.left_out = left_out
        self.limit = limit
        self.ended = False

    def __iter__(self):
        elsewhere = self._elsewhere()
        root = self.host.path("/")
        device = os.stat(root).st_dev
        folders, met = deque([("", root)]), 0
        while folders:
            name, place = folders.popleft()
            inner = []
            for entry in _entries(place):
                if entry.is_symlink():
                    continue
                path = f"{name}/{entry.name}"
                try:
                    found = entry.stat(follow_symlinks=False)
                except OSError:
                    continue  # it has just gone
                met += 1
                if met > self.limit:
                    self.ended = True
                    return
                yield path, found
                if not entry.is_dir(follow_symlinks=False) or path in SKIPPED or path in elsewhere or self.left_out(path):
                    continue
                if found.st_dev == device or self.host.root == "/":
                    inner.append((path, entry.path))
            if not name:
                inner.sort(key=lambda folder: FIRST.index(folder[0][1:]) if folder[0][1:] in FIRST else len(FIRST))
                folders.extend(inner)
            else:
                folders.extendleft(inner)

    def _elsewhere(self):
        """Where filesystems are mounted that are not on disks of this machine; a tree has only its own."""
        if self.host.root != "/":
            return frozenset()
        found = set()
        for line in self.host.lines("/proc/self/mountinfo"):
            fields, unused_dash, behind = line.partition(" - ")
            if behind and behind.split()[0] not in LOCAL:
                found.add(fields.split()[4].replace("\\040", " "))
        return found


def _entries(place):
    try:
        with os.scandir(place) as entries:
            return list(entries)
    except OSError:
        return []
