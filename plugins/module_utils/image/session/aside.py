# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A piece of work in a process of its own, which may hang in the kernel without whoever waits for it."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

# What goes on aside; it returns the sentences to report.
Work = Callable[[], list[str]]
Key = TypeVar("Key")


class Aside:
    """``work()`` goes on aside, and returns the sentences to report; it ends by itself, waited for or not."""

    def __init__(self, work: Work) -> None:
        self._reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._work(work, writing)
        os.close(writing)

    @staticmethod
    def _work(work: Work, writing: int) -> None:
        """In the new process, which never returns. Its standard streams are nobody's, so that nobody waits for their end."""
        code = 1
        try:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nowhere, stream)
            os.write(writing, "\n".join(_sentences(work)).encode("utf-8", "replace"))
            code = 0
        finally:
            os._exit(code)

    def result(self, limit: float) -> list[str] | None:
        """What is to be reported, or None when it has not ended within ``limit`` seconds or ended without a word."""
        said, end = b"", time.monotonic() + limit
        try:
            while select.select([self._reading], [], [], max(end - time.monotonic(), 0))[0]:
                piece = os.read(self._reading, 65536)
                if not piece:
                    return said.decode("utf-8", "replace").splitlines() if os.waitpid(self.pid, 0)[1] == 0 else None
                said += piece
            return None
        finally:
            os.close(self._reading)


def _sentences(work: Work) -> list[str]:
    try:
        return work()
    except ImageError as problem:
        return [str(problem)]
    except OSError as problem:
        return [f"{problem.filename}: {problem.strerror}" if problem.filename else str(problem)]


def side_by_side(works: Mapping[Key, Work], limit: float) -> dict[Key, list[str] | None]:
    """Do ``{name: work}`` at the same time; what each reported by name, or None for one that goes on after ``limit`` seconds."""
    end = time.monotonic() + limit
    running = {name: Aside(work) for name, work in works.items()}
    return {name: process.result(max(end - time.monotonic(), 0)) for name, process in running.items()}
