# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Promotion: one flat, named and digested file, and a pointer that moves to it in one step.

NAME-VERSION-DIGEST.qcow2 is the image, DIGEST the first 12 digits of the file's
SHA-256. NAME.qcow2 is a symbolic link, the pointer, and names the newest one.
"""

from __future__ import annotations

import json
import os
import re
import struct

from ansible_collections.hygeia.golden.plugins.module_utils.image import journal, lock
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, free_space, run, sized

_NAME = re.compile(r"[A-Za-z0-9][\w.+~-]*")
_VERSION = re.compile(r"[\w.+~]+")  # without a hyphen, so that a name never looks like the start of another


class Target:
    """Where an image goes and what it is called."""

    def __init__(self, dest, name, version):
        if not dest.startswith("/"):
            raise ImageError(f"the destination must be an absolute folder on the build host, not {dest!r}")
        if not _NAME.fullmatch(name):
            raise ImageError(f"{name!r} cannot be an image's name: use letters, digits and . _ + ~ -, beginning with a letter or digit")
        if not _VERSION.fullmatch(version):
            raise ImageError(f"{version!r} cannot be an image's version: use letters, digits and . _ + ~ only")
        self.folder = os.path.realpath(dest)
        self.name = name
        self.version = version
        self.pointer = os.path.join(self.folder, f"{name}.qcow2")
        self.partial = os.path.join(self.folder, f".{name}-{version}.partial")
        self.new_pointer = os.path.join(self.folder, f".{name}.pointer")
        if os.path.lexists(self.pointer) and not os.path.islink(self.pointer):
            raise ImageError(f"{self.pointer} is a file of its own, not a pointer to a promoted image: choose another name or destination")

    def path(self, digest):
        return os.path.join(self.folder, f"{self.name}-{self.version}-{digest[:12]}.qcow2")

    def require_space(self, overlay):
        """Refuse to begin what a full disk would end."""
        ran = run(["qemu-img", "measure", "--output=json", "-O", "qcow2", "-f", "qcow2", overlay], limit=600)
        if not ran.ok:
            raise ImageError(f"{overlay} cannot be measured: {ran.complaint}")
        needed = json.loads(ran.out)["required"]
        free = free_space(_existing(self.folder))
        if free < needed:
            raise ImageError(f"{self.folder} has {sized(free)} free, but the image may need {sized(needed)}: make room there")

    # -- one step each ------------------------------------------------------

    def flatten(self, overlay, compress, limit):
        """Write the overlay and what it backs on into one file, and check that."""
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        options = ["-c", "-W", "-o", "compression_type=zstd"] if compress else []
        for argv in (
            ["qemu-img", "convert", "-f", "qcow2", "-O", "qcow2"] + options + [overlay, self.partial],
            ["qemu-img", "check", "-q", "-f", "qcow2", self.partial],
        ):
            ran = run(argv, limit)
            if not ran.ok:
                full = "No space left on device" in ran.err
                advice = ": make room there" if full else ""
                raise ImageError(f"the image cannot be written to {self.folder}, and its session is discarded ({ran.complaint}){advice}")
        handle = os.open(self.partial, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def publish(self, digest):
        """Give the file its name, for good."""
        path = self.path(digest)
        os.rename(self.partial, path)
        journal.sync_folder(self.folder)
        return path

    def point(self, path):
        """Move the pointer: whoever opens it gets the old image or the new one."""
        if os.path.lexists(self.new_pointer):
            os.unlink(self.new_pointer)
        os.symlink(os.path.basename(path), self.new_pointer)
        os.replace(self.new_pointer, self.pointer)
        journal.sync_folder(self.folder)

    def prune(self, keep):
        """Remove all but the newest ``keep`` images of this name; one that is still needed stays. Returns what went."""
        removed = []
        for path in self.images()[keep:]:
            if not self._needed(path):
                os.unlink(path)
                removed.append(path)
        return removed

    def images(self):
        """The promoted images of this name, newest first."""
        pattern = re.compile(re.escape(self.name) + r"-[\w.+~]+-[0-9a-f]{12}\.qcow2")
        found = [entry for entry in os.scandir(self.folder) if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)]
        return [entry.path for entry in sorted(found, key=lambda entry: entry.stat().st_mtime_ns, reverse=True)]

    def _needed(self, path):
        """Does the pointer, another disk in the folder or an open session still need this image?"""
        if os.path.realpath(self.pointer) == path or lock.holder(path):
            return True
        name = os.fsencode(os.path.basename(path))
        return any(name in backing_file(entry.path) for entry in os.scandir(self.folder) if entry.is_file() and entry.path != path)


def backing_file(path):
    """The backing file that a qcow2 header names, in bytes, or nothing."""
    with open(path, "rb") as stream:
        header = stream.read(20)
        if len(header) < 20 or not header.startswith(b"QFI\xfb"):
            return b""
        offset, size = struct.unpack(">QI", header[8:20])
        stream.seek(offset)
        return stream.read(min(size, 4096)) if offset else b""


def _existing(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder
