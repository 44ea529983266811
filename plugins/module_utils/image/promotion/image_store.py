# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image store: a directory with the images of a name that are kept, and the pointer that names the one to use.

NAME.qcow2 is a symbolic link, the pointer. It moves in one step, and each move is in the history. An image may have other files,
in further formats and for further disks; NAME.vmdk, NAME-disk2.qcow2 and so on follow the pointer.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import names
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.history import SUFFIX, History, Move
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.names import QCOW2
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic

# What makes up an image, as a file beside it (plugin_utils/drift/manifest.py).
MANIFEST = ".manifest.json"
_NAME = re.compile(r"[A-Za-z0-9][\w.+~-]*", re.A)
_VERSION = re.compile(names.VERSION, re.A)


def require_version(version: str) -> None:
    """Refuse what would not be a version in a file's name."""
    if not _VERSION.fullmatch(version):
        raise ImageError(f"{version!r} cannot be an image's version: use letters, digits and . _ + ~ only")


@dataclass(frozen=True)
class Kept:
    """An image in the image store; ``short`` is the part of its digest that its name tells."""

    path: str
    version: str
    short: str

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


class ImageStore:
    """The images of one name in one directory."""

    def __init__(self, dest: str, name: str) -> None:
        if not dest.startswith("/"):
            raise ImageError(f"the destination must be an absolute directory on the build host, not {dest!r}")
        if not _NAME.fullmatch(name):
            raise ImageError(f"{name!r} cannot be an image's name: use letters, digits and . _ + ~ -, beginning with a letter or digit")
        if names.of_a_disk(name):
            raise ImageError(f"{name} would be called like the disk of another image: choose a name without -disk and a number at its end")
        self.directory = os.path.realpath(dest)
        self.name = name
        self.pointer = os.path.join(self.directory, name + SUFFIX)
        self.new_pointer = os.path.join(self.directory, f".{name}.pointer")
        self.history = History(self.pointer)
        if os.path.lexists(self.pointer) and not os.path.islink(self.pointer):
            raise ImageError(f"{self.pointer} is a file of its own, not a pointer to a promoted image: choose another name or destination")

    # -- what is there ------------------------------------------------------

    @property
    def current(self) -> str | None:
        """The file's name that the pointer leads to, or None."""
        try:
            return os.readlink(self.pointer)
        except FileNotFoundError:
            return None

    def kept(self) -> list[Kept]:
        """The promoted images of this name, newest first."""
        pattern = self._pattern(SUFFIX)
        found = []
        for entry in os.scandir(self.directory) if os.path.isdir(self.directory) else ():
            named = pattern.fullmatch(entry.name)
            if named and entry.is_file(follow_symlinks=False):
                found.append((entry.stat().st_mtime_ns, Kept(entry.path, named[1], named[2])))
        return [image for unused_time, image in sorted(found, key=lambda one: one[0], reverse=True)]

    def others(self, image: str) -> dict[str, str]:
        """The other files of an image by their keys: those beside it that are called the same but for their ends."""
        return {key: entry.path for key, entry in self._ending(image[: -len(SUFFIX)]) if entry.is_file(follow_symlinks=False)}

    def _ending(self, stem: str) -> list[tuple[str, os.DirEntry[str]]]:
        """What lies in the directory and is called so but for an end, other than the end of an image itself; with the keys."""
        if not os.path.isdir(self.directory):
            return []
        entries = [entry for entry in os.scandir(self.directory) if entry.name.startswith(stem)]
        found = [(names.key_of(entry.name[len(stem) :]), entry) for entry in entries]
        return sorted(((key, entry) for key, entry in found if key and key != QCOW2), key=lambda one: one[0])

    def pointer_of(self, key: str) -> str:
        """The symbolic link that names a file of the current image."""
        return os.path.join(self.directory, self.name + names.end(key))

    # -- what moves ---------------------------------------------------------

    def move(self, path: str, require: Callable[[], object] = lambda: None, **about: Any) -> Move | None:
        """Move the pointer to an image, and tell the history who did and why; the move, or None when it names it already.

        ``require`` raises when the image is not, or not any more, what was decided on. It has a say before the
        pointer moves and after it; an objection after it moves the pointer back.
        """
        with locks.image_store(self.directory):
            return self.moved(path, require, **about)

    def moved(self, path: str, require: Callable[[], object] = lambda: None, **about: Any) -> Move | None:
        """The same for who holds the lock already."""
        self.history.settle()
        self.align()
        require()
        before = self.current
        if before == os.path.basename(path) and not about.get("files"):
            return None
        move = self.history.note(image=os.path.basename(path), **{"from": before}, **about)
        try:
            self.point(path)
            self._require_pointed(path)
            require()
        except BaseException:
            self._point_back(before)
            raise
        finally:
            with contextlib.suppress(OSError):  # such as a full disk; what was noted is recorded by the next move
                self.history.settle()
        return move

    def point(self, path: str) -> None:
        """Move the pointer: whoever opens it gets the old image or the new one.

        The pointers to further disks are away meanwhile: who opens one gets a disk of the image that the pointer names, or none.
        """
        for key, entry in self._ending(self.name) if self.current != os.path.basename(path) else ():
            if names.disk_of(key) > 1 and self._is_ours(entry.path, key):
                os.unlink(entry.path)
        self._link(self.pointer, os.path.basename(path))
        self.align()
        atomic.sync_directory(self.directory)

    def _link(self, pointer: str, target: str) -> None:
        if os.path.lexists(self.new_pointer):
            os.unlink(self.new_pointer)
        os.symlink(target, self.new_pointer)
        os.replace(self.new_pointer, pointer)

    def align(self) -> None:
        """Let the pointers of the other files follow the pointer, so that all of them name one image.

        What they name follows from it alone: a run that is killed in between is made good by whoever comes next. Of a file
        that the image does not have there is no pointer, rather than one to another image.
        """
        current = self.current
        there = self.others(current) if current else {}
        for key in {**dict(self._ending(self.name)), **there}:
            pointer = self.pointer_of(key)
            named = os.readlink(pointer) if os.path.islink(pointer) else None
            wanted = os.path.basename(there[key]) if key in there else None
            if named == wanted or (named is None and os.path.lexists(pointer)):
                continue
            if wanted:
                self._link(pointer, wanted)
            elif self._is_ours(pointer, key):
                os.unlink(pointer)

    def _is_ours(self, pointer: str, key: str) -> bool:
        """Is this a symbolic link to a file of an image of this name?"""
        return os.path.islink(pointer) and bool(self._pattern(names.end(key)).fullmatch(os.readlink(pointer)))

    def _pattern(self, end: str) -> re.Pattern[str]:
        """What the files of promoted images of this name are called that have this end."""
        return re.compile(rf"{re.escape(self.name)}-({_VERSION.pattern})-([0-9a-f]{{12}}){re.escape(end)}", re.A)

    def _point_back(self, before: str | None) -> None:
        if before == self.current:
            self.align()
        elif before is None:
            os.unlink(self.pointer)
            self.align()
        else:
            self.point(os.path.join(self.directory, before))

    def _require_pointed(self, path: str) -> None:
        """Somebody who does not ask for the lock may have moved the pointer too."""
        if self.current != os.path.basename(path):
            raise ImageError(
                f"{self.pointer} was changed to {self.current} by another process at the same time: find out what else writes to {self.directory}"
            )

    def prune(self, keep: int) -> list[str]:
        """Remove all but the newest ``keep`` images of this name; one that is still needed stays. Returns what went."""
        removed = []
        with locks.image_store(self.directory):
            gone_back_to = self.history.gone_back_to()
            for image in self.kept()[keep:]:
                if image.name not in gone_back_to and not self._needed(image.path):
                    for path in (*self.others(image.name).values(), *self._manifest(image.path), image.path):
                        os.unlink(path)
                        removed.append(path)
        return removed

    @staticmethod
    def _manifest(path: str) -> list[str]:
        """What makes up an image, where that lies beside it."""
        manifest = path[: -len(SUFFIX)] + MANIFEST
        return [manifest] if os.path.lexists(manifest) else []

    def _needed(self, path: str) -> bool:
        """Does the pointer, another disk in the directory or an open session still need this image?"""
        files = [path, *self.others(os.path.basename(path)).values()]
        if os.path.realpath(self.pointer) == path or any(map(locks.holder, files)):
            return True
        own = [os.fsencode(os.path.basename(file)) for file in files]
        backing = [backing_file(entry.path) for entry in os.scandir(self.directory) if entry.is_file() and entry.path not in files]
        return any(name in chain for name in own for chain in backing)


def tidy(pointer: str, leftovers: Iterable[str], limit: int) -> None:
    """Remove the files of a promotion that did not come to its end, and tell the move of the pointer that it noted, if that happened."""
    history = History(pointer)
    if not any(map(os.path.lexists, [*leftovers, history.noted])):
        return
    with locks.image_store(os.path.dirname(pointer), limit):
        history.settle()
        ImageStore(os.path.dirname(pointer), os.path.basename(pointer)[: -len(SUFFIX)]).align()
        promoted = {move["image"] for move in history.moves()} | {os.path.basename(os.path.realpath(pointer))}
        for leftover in leftovers:
            # An image that a move of the pointer made is promoted, whatever happened right after.
            if not any(_belongs(os.path.basename(leftover), image) for image in promoted):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(leftover)


def _belongs(name: str, image: str) -> bool:
    """Is this a file of an image?"""
    stem = image[: -len(SUFFIX)]
    return name.startswith(stem) and names.key_of(name[len(stem) :]) is not None


def backing_file(path: str) -> bytes:
    """The backing file that a qcow2 header names, in bytes, or nothing."""
    with open(path, "rb") as stream:
        header = stream.read(20)
        if len(header) < 20 or not header.startswith(b"QFI\xfb"):
            return b""
        offset, size = struct.unpack(">QI", header[8:20])
        stream.seek(offset)
        return stream.read(min(size, 4096)) if offset else b""
