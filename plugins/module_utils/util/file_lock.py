# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lock that ends with the process that holds it (flock(2))."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator


@contextlib.contextmanager
def held(path: str, limit: float) -> Iterator[None]:
    """Hold the lock of a file, which is created if need be; TimeoutError when another process has it for longer than the limit."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        end, pause = time.monotonic() + limit, 0.002
        while not _taken(handle):
            if time.monotonic() > end:
                raise TimeoutError(f"another process has held {path} for {limit:g} seconds")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        yield
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
