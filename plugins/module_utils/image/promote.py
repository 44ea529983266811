# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Promotion: one flat, named and digested file, which takes its place on the shelf.

NAME-VERSION-DIGEST.qcow2 is the image, DIGEST the first 12 digits of the file's SHA-256.
"""

from __future__ import annotations

import json
import os

from ansible_collections.hygeia.golden.plugins.module_utils.image import journal
from ansible_collections.hygeia.golden.plugins.module_utils.image.history import PROMOTED
from ansible_collections.hygeia.golden.plugins.module_utils.image.shelf import Shelf, require_version
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, free_space, run, sized


class Target(Shelf):
    """Where an image goes and what it is called; ``by`` says who promotes it."""

    def __init__(self, dest, name, version, by=""):
        super().__init__(dest, name)
        require_version(version)
        self.version = version
        self.by = by
        self.partial = os.path.join(self.folder, f".{name}-{version}.partial")

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

    def move_to(self, path, digest):
        """Move the pointer to the published image."""
        self.move(path, action=PROMOTED, version=self.version, sha256=digest, by=self.by, reason="")


def _existing(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder
