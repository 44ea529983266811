# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The shelf: a folder with the images of a name that are kept, and the pointer that names the one to use.

NAME.qcow2 is a symbolic link, the pointer. It moves in one step, and each move is in the history.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image import journal, lock
from ansible_collections.hygeia.golden.plugins.module_utils.image.history import SUFFIX, History
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

_NAME = re.compile(r"[A-Za-z0-9][\w.+~-]*", re.A)
_VERSION = re.compile(r"[\w.+~]+", re.A)  # without a hyphen, so that a name never looks like the start of another


def require_version(version):
    """Refuse what would not be a version in a file's name."""
    if not _VERSION.fullmatch(version):
        raise ImageError(f"{version!r} cannot be an image's version: use letters, digits and . _ + ~ only")


@dataclass(frozen=True)
class Kept:
    """An image on the shelf; ``short`` is the part of its digest that its name tells."""

    path: str
    version: str
    short: str

    @property
    def name(self):
        return os.path.basename(self.path)


class Shelf:
    """The images of one name in one folder."""

    def __init__(self, dest, name):
        if not dest.startswith("/"):
            raise ImageError(f"the destination must be an absolute folder on the build host, not {dest!r}")
        if not _NAME.fullmatch(name):
            raise ImageError(f"{name!r} cannot be an image's name: use letters, digits and . _ + ~ -, beginning with a letter or digit")
        self.folder = os.path.realpath(dest)
        self.name = name
        self.pointer = os.path.join(self.folder, name + SUFFIX)
        self.new_pointer = os.path.join(self.folder, f".{name}.pointer")
        self.history = History(self.pointer)
        if os.path.lexists(self.pointer) and not os.path.islink(self.pointer):
            raise ImageError(f"{self.pointer} is a file of its own, not a pointer to a promoted image: choose another name or destination")

    # -- what is there ------------------------------------------------------

    @property
    def current(self):
        """The file's name that the pointer leads to, or None."""
        try:
            return os.readlink(self.pointer)
        except FileNotFoundError:
            return None

    def kept(self):
        """The promoted images of this name, newest first."""
        pattern = re.compile(rf"{re.escape(self.name)}-({_VERSION.pattern})-([0-9a-f]{{12}}){re.escape(SUFFIX)}", re.A)
        found = []
        for entry in os.scandir(self.folder) if os.path.isdir(self.folder) else ():
            named = pattern.fullmatch(entry.name)
            if named and entry.is_file(follow_symlinks=False):
                found.append((entry.stat().st_mtime_ns, Kept(entry.path, named[1], named[2])))
        return [image for unused_time, image in sorted(found, key=lambda one: one[0], reverse=True)]

    # -- what moves ---------------------------------------------------------

    def move(self, path, require=lambda: None, **told):
        """Move the pointer to an image, and tell the history who did and why; the move, or None when it names it already.

        ``require`` raises when something has changed since it was decided on.
        """
        with lock.shelf(self.folder):
            self.history.settle()
            require()
            if self.current == os.path.basename(path):
                return None
            move = self.history.note(image=os.path.basename(path), **{"from": self.current}, **told)
            self.point(path)
            self.history.settle()
        return move

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
        with lock.shelf(self.folder):
            gone_back_to = self.history.gone_back_to()
            for image in self.kept()[keep:]:
                if image.name not in gone_back_to and not self._needed(image.path):
                    os.unlink(image.path)
                    removed.append(image.path)
        return removed

    def _needed(self, path):
        """Does the pointer, another disk in the folder or an open session still need this image?"""
        if os.path.realpath(self.pointer) == path or lock.holder(path):
            return True
        name = os.fsencode(os.path.basename(path))
        return any(name in backing_file(entry.path) for entry in os.scandir(self.folder) if entry.is_file() and entry.path != path)


def settle(pointer, limit):
    """Tell the move of a pointer that a killed run noted, if it happened."""
    with lock.shelf(os.path.dirname(pointer), limit):
        History(pointer).settle()


def backing_file(path):
    """The backing file that a qcow2 header names, in bytes, or nothing."""
    with open(path, "rb") as stream:
        header = stream.read(20)
        if len(header) < 20 or not header.startswith(b"QFI\xfb"):
            return b""
        offset, size = struct.unpack(">QI", header[8:20])
        stream.seek(offset)
        return stream.read(min(size, 4096)) if offset else b""
