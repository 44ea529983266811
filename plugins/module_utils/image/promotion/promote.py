# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Promotion: flat, named and digested files, one for each disk, which take their place in the image store.

NAME-VERSION-DIGEST.qcow2 is the image, DIGEST the first 12 digits of the file's SHA-256; names.py has the names of its other files.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import names, renditions
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.history import PROMOTED, SUFFIX
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore, require_version
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.names import QCOW2
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, free_space, run, sized
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic


class Target(ImageStore):
    """Where an image of so many disks goes and what it is called; ``by`` says who promotes it."""

    def __init__(self, dest: str, name: str, version: str, by: str = "", formats: Iterable[str] = (), disks: int = 1) -> None:
        super().__init__(dest, name)
        self.disks = disks
        # The image's files by their keys, but for the image itself.
        self.keys = names.keys([form for form in dict.fromkeys(formats) if form != QCOW2], disks)
        for pointer in map(self.pointer_of, self.keys):
            if os.path.lexists(pointer) and not os.path.islink(pointer):
                raise ImageError(f"{pointer} is a file of its own, not a pointer to a promoted image: choose another name or destination")
        require_version(version)
        self.version = version
        self.by = by
        # Others may write an image of the same name and version at the same time.
        self.partial = os.path.join(self.directory, f".{name}-{version}.{secrets.token_hex(8)}.partial")

    def path(self, digest: str) -> str:
        return os.path.join(self.directory, f"{self.name}-{self.version}-{digest[:12]}{SUFFIX}")

    def partial_of(self, key: str) -> str:
        """What a file is called before it has its name."""
        return self.partial if key == QCOW2 else self.partial + names.end(key)

    def require_space(self, overlays: Sequence[str]) -> None:
        """Refuse to begin what a full disk would end, or a directory that is none."""
        existing = _existing(self.directory)
        if os.path.lexists(self.directory) and existing != self.directory:
            raise ImageError(
                f"{self.directory} is no directory, so that no image can be promoted to it: choose another, or move the existing file"
            )
        if not os.access(existing, os.W_OK | os.X_OK):
            raise ImageError(
                f"{existing} cannot be written to, so that no image can be promoted to {self.directory}: make it writable, or choose another"
            )
        needed, free = sum(self._needed_for(*disk) for disk in enumerate(overlays, 1)), free_space(existing)
        if free < needed:
            raise ImageError(f"{self.directory} has {sized(free)} free, but the image may need {sized(needed)}: make room there")

    def _needed_for(self, disk: int, overlay: str) -> int:
        """The bytes that all files of one disk may take."""
        ran = run(["qemu-img", "measure", "--output=json", "-O", "qcow2", "-f", "qcow2", overlay], limit=600)
        if not ran.ok:
            raise ImageError(f"{overlay} cannot be measured: {ran.error}")
        content = int(json.loads(ran.out)["required"])
        forms = [form for form in map(names.form_of, self.keys) if form in names.WHOLE]
        forms += [names.form_of(key) for key in self.keys if names.disk_of(key) == disk and names.form_of(key) not in (QCOW2, *names.WHOLE)]
        size = renditions.capacity(overlay) if forms else 0
        return content + sum(renditions.needed(form, size, content) for form in forms)

    @property
    def temporary(self) -> list[str]:
        """All files that may exist while the image is written."""
        others = [path for key in self.keys for path in renditions.temporary(self.partial_of(key), names.form_of(key), self.disks)]
        return [self.partial, self.new_pointer, *others]

    def published(self, digest: str) -> dict[str, str]:
        """The names that the files of the image get, by their keys; the image itself is the last."""
        stem = self.path(digest)[: -len(SUFFIX)]
        return {**{key: stem + names.end(key) for key in self.keys}, QCOW2: self.path(digest)}

    # -- one step each ------------------------------------------------------

    def flatten(self, overlay: str, compress: bool, limit: int, disk: int = 1) -> None:
        """Write the overlay of a disk and what it backs on into one file, and check that."""
        os.makedirs(self.directory, mode=0o755, exist_ok=True)
        partial = self.partial_of(names.key(QCOW2, disk))
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        options = ["-c", "-W", "-o", "compression_type=zstd"] if compress else []
        for argv in (
            ["qemu-img", "convert", "-f", "qcow2", "-O", "qcow2"] + options + [overlay, partial],
            ["qemu-img", "check", "-q", "-f", "qcow2", partial],
        ):
            ran = run(argv, limit)
            if not ran.ok:
                full = "No space left on device" in ran.err
                advice = ": make room there" if full else ""
                raise ImageError(f"the image cannot be written to {self.directory}, and its session is discarded ({ran.error}){advice}")
        handle = os.open(partial, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def render(self, key: str, machine: dict[str, str], limit: float) -> None:
        """Write what was flattened in the format of a key."""
        form = names.form_of(key)
        disks = range(1, self.disks + 1) if form in names.WHOLE else [names.disk_of(key)]
        images = [self.partial_of(names.key(QCOW2, disk)) for disk in disks]
        renditions.write(form, images, self.partial_of(key), self.name, machine, limit)

    def publish(self, digest: str, files: Mapping[str, Any] | None = None) -> str:
        """Give the files their names, for good."""
        for key in files or ():
            self._require_free(key, self.published(digest)[key], (files or {})[key]["sha256"])
        for key, path in self.published(digest).items():
            os.rename(self.partial_of(key), path)
        atomic.sync_directory(self.directory)
        return path

    def _require_free(self, key: str, path: str, digest: str) -> None:
        """A further disk has its name from the first: where that is the same as before, the further one may be another."""
        if names.form_of(key) == QCOW2 and os.path.lexists(path) and inspection.sha256(path) != digest:
            raise ImageError(f"{path} is there already and is another disk: promote the image with another version")

    def move_to(self, path: str, digest: str, identity: Identity, files: dict[str, Any] | None = None) -> None:
        """Move the pointers to the published image, whose files must be those that the digests were taken of."""
        files = files or {}
        whole = [(path, digest, identity)]
        for key, file in files.items():
            device, inode, size, changed = file["identity"]
            whole.append((self.published(digest)[key], file["sha256"], (device, inode, size, changed)))

        def require() -> None:
            for one in whole:
                _require_whole(*one)

        formats = {"files": {key: file["sha256"] for key, file in files.items()}} if files else {}
        self.moved(path, require, **formats, action=PROMOTED, version=self.version, sha256=digest, by=self.by, reason="")


# Of a file: what changes when its content does (see identity()), and where in it the size stands.
Identity = tuple[int, int, int, int]
SIZE = 2


def identity(path: str) -> Identity | None:
    """What tells that a file was neither replaced nor written to; None when it is not there."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _require_whole(path: str, digest: str, before: Identity | None) -> None:
    """A network filesystem may number files anew, so that only their bytes tell."""
    try:
        same = identity(path) == before or inspection.sha256(path) == digest
    except OSError as problem:
        raise ImageError(f"{path} cannot be read ({problem.strerror}), so it is not promoted") from problem
    if not same:
        raise ImageError(
            f"{path} was changed or removed by another process while it was promoted: find out what else writes to its directory"
        )


def _existing(directory: str) -> str:
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return directory
