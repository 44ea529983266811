# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of an EFI system partition: of a raw disk, whose kernel needs no vfat for that, or of a directory where it is mounted.

A raw one is read by our own reader, and written by mtools(1).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Protocol

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.fat import LARGEST, Files
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run, which
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

DIRECTORIES = ("/boot/efi", "/efi", "/boot")
# A FAT filesystem whose geometry is not that of a floppy disk is one all the same.
_ENVIRON = {**os.environ, "MTOOLS_SKIP_CHECK": "1"}


class Esp(Protocol):
    """Paths are absolute on the partition, such as /EFI/BOOT/BOOTX64.EFI; case does not matter."""

    def read(self, path: str) -> bytes | None:
        """What a file holds, or None where there is none."""

    def names(self, path: str) -> list[str]:
        """The names in a directory, in upper case."""

    def write(self, files: Mapping[str, bytes]) -> None:
        """Put files there, with their directories."""

    def remove(self, path: str) -> None:
        """Take a file away; none is no problem."""


class RawEsp:
    """One that lies on a disk."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def read(self, path: str) -> bytes | None:
        return Files(self._window).read(path)

    def names(self, path: str) -> list[str]:
        return Files(self._window).names(path)

    def write(self, files: Mapping[str, bytes]) -> None:
        if which("mcopy") is None:
            raise ImageError("the build host lacks mcopy: install the Debian package mtools")
        with tempfile.TemporaryDirectory() as place:
            for path, content in files.items():
                self._make(os.path.dirname(path))
                with open(os.path.join(place, "file"), "wb") as stream:
                    stream.write(content)
                self._mtools("mcopy", ("-o",), os.path.join(place, "file"), f"::{path}")

    def remove(self, path: str) -> None:
        if self.read(path) is not None:
            self._mtools("mdel", (), f"::{path}")

    def _make(self, directory: str) -> None:
        """Make a directory with those that it is in."""
        if directory not in ("", "/") and not self.names(directory):
            self._make(os.path.dirname(directory))
            if os.path.basename(directory).upper() not in self.names(os.path.dirname(directory)):
                self._mtools("mmd", (), f"::{directory}")

    def _mtools(self, program: str, options: tuple[str, ...], *paths: str) -> None:
        ran = run([program, *options, "-i", f"{self._window.path}@@{self._window.offset}", *paths], environ=_ENVIRON)
        if not ran.ok:
            raise ImageError(f"the EFI system partition cannot be written: {ran.error}")


class MountedEsp:
    """One that a system has mounted, or that is a directory of it."""

    def __init__(self, host: Host, directory: str) -> None:
        self._host = host
        self._directory = directory

    def read(self, path: str) -> bytes | None:
        there = self._there(path)
        return self._host.read_bytes(there, LARGEST) if there and self._host.is_file(there) else None

    def names(self, path: str) -> list[str]:
        there = self._there(path)
        return [os.path.basename(each).upper() for each in self._host.glob(f"{there}/*")] if there else []

    def write(self, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            directory, name = os.path.split(path)
            target = self._host.path(self._there(path) or f"{self._there(directory) or self._directory + directory}/{name}")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            # FAT has neither links nor owners, and its files are replaced as they stand.
            with open(f"{target}.new", "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(f"{target}.new", target)

    def remove(self, path: str) -> None:
        there = self._there(path)
        if there:
            os.unlink(self._host.path(there))

    def _there(self, path: str) -> str:
        """The path with the case that it has, or nothing."""
        here = self._directory
        for part in filter(None, path.split("/")):
            found = next((each for each in self._host.glob(f"{here}/*") if os.path.basename(each).upper() == part.upper()), "")
            if not found:
                return ""
            here = found
        return here


def mounted(host: Host) -> MountedEsp | None:
    """Where a system has its EFI system partition; /boot itself is one only with a directory EFI in it."""
    for directory in DIRECTORIES:
        if host.exists(f"{directory}/EFI"):
            return MountedEsp(host, directory)
    return None
