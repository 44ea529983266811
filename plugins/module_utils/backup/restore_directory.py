# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A private directory for what is restored. It is gone afterwards, also when this process is killed.

A second process waits for the end of this one on a pipe. When that comes
without a word, it puts everything away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

PREFIX = ".hygeia-backup-"
# So long a new directory may be without a lock.
_YOUNG = 60


class RestoreDirectory:
    """``with RestoreDirectory(host, "/run", when_killed) as directory``: the path is the one that the host's programs see."""

    def __init__(self, host: Host, parent: str, when_killed: Callable[[], object]) -> None:
        self.host = host
        self.parent = parent
        self.when_killed = when_killed

    def __enter__(self) -> str:
        inside = self.host.path(self.parent)
        _sweep(inside)
        self.made = tempfile.mkdtemp(prefix=PREFIX, dir=inside)
        # The supervisor has the lock too, so it lasts until both have ended.
        self.lock = os.open(self.made, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        reading, self.pipe = os.pipe()
        self.supervisor = os.fork()
        if self.supervisor == 0:
            self._keep(reading)
        os.close(reading)
        return f"{self.parent.rstrip('/')}/{os.path.basename(self.made)}"

    def __exit__(self, *unused_failure: object) -> None:
        shutil.rmtree(self.made, ignore_errors=True)
        with contextlib.suppress(OSError):  # a supervisor that was killed does not read any more
            os.write(self.pipe, b".")
        os.close(self.pipe)
        os.waitpid(self.supervisor, 0)
        os.close(self.lock)

    def _keep(self, reading: int) -> None:
        """The second process: it never returns."""
        try:
            os.setsid()
            os.close(self.pipe)
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nothing, stream)
            if not os.read(reading, 1):
                # What was restored goes first, and what the killed program still wrote goes at the end.
                shutil.rmtree(self.made, ignore_errors=True)
                with contextlib.suppress(Exception):
                    self.when_killed()
                shutil.rmtree(self.made, ignore_errors=True)
        finally:
            os._exit(0)


def _sweep(parent: str) -> None:
    """Remove the directories of runs of which nobody is left."""
    for entry in os.scandir(parent):
        if not entry.name.startswith(PREFIX) or not entry.is_dir(follow_symlinks=False) or time.time() - entry.stat().st_mtime < _YOUNG:
            continue
        handle = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(entry.path, ignore_errors=True)
        except BlockingIOError:
            pass  # somebody works in it
        finally:
            os.close(handle)
