# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Counting what a command uses against its session's control groups.

The kernel takes its time to move a process there, often more than all else that a command waits for. So another process asks for
it, before anything else is done, and the rest of the program is loaded meanwhile.
"""

from __future__ import annotations

import os


def begin(groups: list[str]) -> int:
    """Have this process moved, with all that it starts from now on or before ``end``."""
    process = os.getpid()
    mover = os.fork()
    if mover == 0:
        for group in groups:
            if os.getppid() != process:
                break  # it has ended, and its number says nothing any more
            _move(os.path.join(group, "cgroup.procs"), process)
        os._exit(0)
    return mover


def _move(path: str, process: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        os.write(handle, b"%d" % process)
        os.close(handle)
    except OSError:
        pass  # the session has no such group; limits of each process bound it still


def end(mover: int) -> None:
    """Wait until it is there."""
    os.waitpid(mover, 0)
