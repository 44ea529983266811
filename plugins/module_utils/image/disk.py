# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A template's file: what it is, and why it would not be safe to open."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run

FORMATS = ("qcow2", "raw")


@dataclass(frozen=True)
class Disk:
    """A file that passed ``inspect``; ``path`` is the file itself, never a symbolic link."""

    path: str
    format: str
    virtual_size: int
    size: int
    snapshots: int


def inspect(source):
    """Look at a template's file; anything that could read other files of the build host is refused."""
    path = _regular(source)
    ran = run(["qemu-img", "info", "--output=json", path])
    if not ran.ok:
        if 'Failed to get shared "write" lock' in ran.err:
            raise ImageError(f"{path} is being written by another process, such as a running virtual machine: shut that down first")
        raise ImageError(f"{path} is no disk image that can be read: {ran.complaint}")
    info = json.loads(ran.out)
    _refuse(path, info)
    if info["format"] == "qcow2":
        _check(path)
    return Disk(path, info["format"], info["virtual-size"], os.path.getsize(path), len(info.get("snapshots", [])))


def _regular(source):
    if not source.startswith("/"):
        raise ImageError(f"the source must be the absolute path of a file on the build host, not {source!r}")
    path = os.path.realpath(source)
    try:
        mode = os.stat(path).st_mode
    except OSError as problem:
        raise ImageError(f"there is no template at {source}: {problem.strerror}") from problem
    if not stat.S_ISREG(mode):
        raise ImageError(f"{source} is not a regular file: copy it into a qcow2 or raw file first")
    return path


def _refuse(path, info):
    """Raise when qemu-img's description names anything but one plain file of a known format."""
    specific = info.get("format-specific", {}).get("data", {})
    if info["format"] not in FORMATS:
        raise ImageError(f"{path} has the format {info['format']}: convert it with 'qemu-img convert -O qcow2' first")
    backing = info.get("full-backing-filename") or info.get("backing-filename")
    if backing:
        raise ImageError(f"{path} has the backing file {backing}: flatten it with 'qemu-img convert -O qcow2' first")
    if specific.get("data-file"):
        raise ImageError(f"{path} keeps its data in {specific['data-file']}: convert it with 'qemu-img convert -O qcow2' first")
    if info.get("encrypted") or specific.get("encrypt"):
        raise ImageError(f"{path} is encrypted: convert it to a plain qcow2 file first")
    if specific.get("corrupt"):
        raise ImageError(f"{path} is marked as corrupt: restore it, or repair a copy with 'qemu-img check -r all'")
    if not info["virtual-size"]:
        raise ImageError(f"{path} is empty")


def _check(path):
    """qemu-img check: 0 is sound, 3 is sound with unused clusters."""
    ran = run(["qemu-img", "check", "--output=json", "-f", "qcow2", path], limit=600)
    if ran.code in (0, 3):
        return
    try:
        found = json.loads(ran.out).get("corruptions", 0)
    except ValueError:
        found = 0
    what = f"qemu-img check found {found} errors" if found else f"qemu-img check says: {ran.complaint}"
    raise ImageError(f"{path} is damaged, {what}: restore it, or repair a copy with 'qemu-img check -r all'")


def sha256(path):
    """The SHA-256 of a file's bytes."""
    digest, block = hashlib.sha256(), bytearray(1 << 20)
    with open(path, "rb", buffering=0) as stream:
        while True:
            count = stream.readinto(block)
            if not count:
                return digest.hexdigest()
            digest.update(memoryview(block)[:count])
