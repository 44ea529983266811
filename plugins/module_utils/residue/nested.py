# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching a file with everything that is packed in it."""

from __future__ import annotations

import os
import time
from typing import IO

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.window import stored
from ansible_collections.hygeia.golden.plugins.module_utils.residue import archives
from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Read


class TimeIsUp(Exception):
    """The scan has taken as long as it may."""


class Nested:
    """Searches files until a moment of the monotonic clock.

    Where it is not known whether something is an archive at all, ``guessing``, one that is damaged is none.
    """

    def __init__(self, searcher: Searcher, deadline: float, guessing: bool = False) -> None:
        self.searcher = searcher
        self.deadline = deadline
        self.guessing = guessing

    def open_file(self, path: str, handle: int, size: int) -> None:
        """Search a file that is open, from its beginning to its end and without its holes."""
        kind = archives.form(os.pread(handle, 512, 0))
        if not kind:
            self.plain(self.searcher, path, handle, size)
            return
        with os.fdopen(os.dup(handle), "rb", buffering=0) as stream:
            self._archive(path, "", kind, _Timed(stream.read, self.deadline), stream, archives.Budget(size), 1)

    def plain(self, searcher: Searcher, path: str, handle: int, size: int) -> None:
        """Search the bytes of an open file as they are, but for its holes."""
        with os.fdopen(os.dup(handle), "rb", buffering=0) as stream:
            for start, end in stored(handle, 0, size):
                stream.seek(start)
                searcher.file(path, _Timed(_limited(stream, end - start), self.deadline).read, base=start)

    def open_stream(self, path: str, kind: str, stream: archives.Source, seekable: IO[bytes] | None) -> None:
        """Search an archive of which it is not known how large it is."""
        self._archive(path, "", kind, _Timed(stream.read, self.deadline), seekable, archives.Budget(0), 1)

    def _archive(
        self, path: str, entry: str, kind: str, stream: archives.Source, seekable: IO[bytes] | None, budget: archives.Budget, depth: int
    ) -> None:
        """Search each part of an archive; why a part cannot be read is reported."""
        shown = f"{path} > {entry}" if entry else path
        if depth > archives.DEPTH:
            self.searcher.findings.skip(shown, f"archives are nested in it more than {archives.DEPTH} times")
            return
        try:
            for name, read in archives.entries(kind, stream, seekable, budget):
                inner = " > ".join(filter(None, (entry, name)))
                peeked = archives.Peeked(read)
                nested = archives.form(peeked.head)
                if nested:
                    self._archive(path, inner, nested, peeked, None, budget, depth + 1)
                else:
                    self.searcher.file(path, _Timed(peeked.read, self.deadline).read, inner)
        except archives.Capped as problem:
            if depth > 1:
                raise
            self.searcher.findings.skip(shown, str(problem))
        except archives.DAMAGED as problem:
            if self.guessing:
                return
            self.searcher.findings.skip(shown, f"it is a damaged {kind} archive, or one of a kind that cannot be read: {problem}")


class _Timed:
    """A reader that ends the scan when its time is up."""

    def __init__(self, read: Read, deadline: float) -> None:
        self._read = read
        self._deadline = deadline

    def read(self, size: int, /) -> bytes:
        if time.monotonic() > self._deadline:
            raise TimeIsUp
        return self._read(size)


def _limited(stream: IO[bytes], size: int) -> Read:
    left = [size]

    def read(wanted: int) -> bytes:
        data = stream.read(min(wanted, left[0]))
        left[0] -= len(data)
        return data

    return read
