# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kernels of a tree, with the drivers that a test says, and archives in the format of an initramfs."""

from __future__ import annotations

import gzip
import os


def archive(release, modules):
    """An initramfs with these modules."""
    data = b""
    for name in ["init", *(f"usr/lib/modules/{release}/kernel/drivers/{module}.ko" for module in modules), "TRAILER!!!"]:
        path = name.encode() + b"\0"
        data += b"070701" + b"%08x" % 0 * 11 + b"%08x" % len(path) + b"0" * 8 + path + bytes(-(110 + len(path)) % 4)
    return gzip.compress(data)


def add(host, release, early=(), loadable=(), builtin=(), needs=None):
    """A kernel that has these modules, of which early ones are in its initramfs."""
    write(host, f"/boot/vmlinuz-{release}", b"")
    path = "kernel/drivers/{}.ko".format
    lines = [f"{path(name)}: {' '.join(map(path, (needs or {}).get(name, ())))}\n" for name in {*early, *loadable}]
    write(host, f"/lib/modules/{release}/modules.dep", "".join(lines).encode())
    write(host, f"/lib/modules/{release}/modules.builtin", "".join(f"{path(name)}\n" for name in builtin).encode())
    write(host, f"/boot/initrd.img-{release}", archive(release, early))


def write(host, path, content):
    place = host.root + path
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as stream:
        stream.write(content)
