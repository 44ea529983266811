# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stretch of a file, of which a bounded part is read at a time."""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

SECTOR = 512
# No table of a disk that anybody has is longer: 16 MiB describe 2 TiB in the smallest blocks that are usual.
TABLE = 16 << 20


@dataclass(frozen=True)
class Window:
    """Where a disk lies: a file, or a part of one such as an archive; ``name`` is what sentences call it, by default the path."""

    path: str
    offset: int
    size: int
    name: str = ""

    @classmethod
    def whole(cls, path: str) -> Window:
        """All of a regular file, which is no symbolic link."""
        try:
            found = os.lstat(path)
        except (OSError, ValueError) as problem:
            why = problem.strerror if isinstance(problem, OSError) else "no file can have this name"
            raise ImageError(f"{path} cannot be read ({why}): copy the template with all of its files") from problem
        if not stat.S_ISREG(found.st_mode):
            raise ImageError(f"{path} is not a regular file: put the file itself there, not a link to it or a device")
        return cls(path, 0, found.st_size)

    def part(self, offset: int, size: int) -> Window:
        """A stretch of this one."""
        return Window(self.path, self.offset + offset, size, self.name)

    def read(self, at: int, count: int) -> bytes:
        """Exactly so many bytes."""
        if at < 0 or not 0 <= count <= TABLE or at + count > self.size:
            raise self.damaged("it ends before what its header tells of")
        try:
            with open(self.path, "rb", buffering=0) as stream:
                stream.seek(self.offset + at)
                found = bytearray()
                while len(found) < count:
                    more = stream.read(count - len(found))
                    if not more:
                        raise self.damaged("it ends before what its header tells of")
                    found += more
        except OSError as problem:
            raise ImageError(f"{self.name or self.path} cannot be read: {problem.strerror}") from problem
        return bytes(found)

    def fields(self, layout: str, at: int) -> tuple[Any, ...]:
        """The fields of a header."""
        return struct.unpack(layout, self.read(at, struct.calcsize(layout)))

    def table(self, code: str, at: int, count: int) -> tuple[int, ...]:
        """A table of numbers, each as struct's ``code`` says, such as <I."""
        order, number = tuple(code)
        if count * struct.calcsize(code) > TABLE:
            raise self.damaged("its table of blocks is longer than any")
        return self.fields(f"{order}{count}{number}", at)

    def damaged(self, what: str) -> ImageError:
        """The error for a header that cannot be true."""
        return ImageError(f"{self.name or self.path} is damaged, {what}: copy the template anew")

    def refused(self, what: str, cure: str) -> ImageError:
        """The error for a disk of a kind that is not opened."""
        return ImageError(f"{self.name or self.path} {what}: {cure}")
