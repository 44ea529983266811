# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bytes that are read by their place: a disk, a partition of one, a file; whoever asks for more than there is gets an error."""

from __future__ import annotations

import os
from typing import Protocol

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable


class Bytes(Protocol):
    """A disk or a part of one; ``name`` is what sentences call it."""

    name: str
    size: int

    def read(self, at: int, count: int) -> bytes:
        """Exactly so many bytes."""


class RawFile:
    """A file of the build host that holds a disk as it is."""

    def __init__(self, path: str, name: str = "") -> None:
        self.name = name or path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as problem:
            raise Unreadable(f"{path} cannot be read: {problem.strerror}") from problem
        self.size = os.fstat(self._descriptor).st_size

    def read(self, at: int, count: int) -> bytes:
        require_inside(self, at, count)
        found = bytearray()
        while len(found) < count:
            try:
                more = os.pread(self._descriptor, count - len(found), at + len(found))
            except OSError as problem:
                raise Unreadable(f"{self.name} cannot be read: {problem.strerror}") from problem
            if not more:
                raise Unreadable(f"{self.name} has become shorter while it was read: copy the template anew")
            found += more
        return bytes(found)

    def close(self) -> None:
        os.close(self._descriptor)


class Part:
    """A stretch of other bytes."""

    def __init__(self, whole: Bytes, at: int, size: int, name: str) -> None:
        if at < 0 or size < 0 or at + size > whole.size:
            raise Unreadable(f"{name} ends behind the end of the disk: copy the template anew")
        self.name, self.size = name, size
        self._whole, self._at = whole, at

    def read(self, at: int, count: int) -> bytes:
        require_inside(self, at, count)
        return self._whole.read(self._at + at, count)


class Counted:
    """Other bytes, and how many of them were read."""

    def __init__(self, whole: Bytes) -> None:
        self.name, self.size = whole.name, whole.size
        self.count = 0
        self._whole = whole

    def read(self, at: int, count: int) -> bytes:
        self.count += count
        return self._whole.read(at, count)


def require_inside(source: Bytes, at: int, count: int) -> None:
    """Refuse what lies outside, whatever a damaged disk asks for."""
    if at < 0 or count < 0 or at + count > source.size:
        raise Unreadable(f"{source.name} is damaged, something on it lies behind its end: copy the template anew")


class Memory:
    """Bytes that are there already."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name, self.size = name, len(data)
        self._data = data

    def read(self, at: int, count: int) -> bytes:
        require_inside(self, at, count)
        return self._data[at : at + count]
