# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Work that may never end, such as trying a site's regular expression, done in a child process that can be ended.

A forked process needs no program, so this also works inside a template, where the build host's Python is no file.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
from collections.abc import Callable
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util.patterns import LIMIT

_MEMORY = 512 << 20


class TooLong(Exception):
    """The work did not end in time, or not by returning something."""


def limited(work: Callable[[], Any], seconds: float = LIMIT, memory: int = _MEMORY) -> Any:
    """What ``work`` returns, as JSON carries it; TooLong where it takes longer, or more memory in addition to what is in use."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _lower(memory)
            with os.fdopen(writing, "wb") as stream:
                stream.write(json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    try:
        return json.loads(_answer(reading, seconds))
    except ValueError:
        raise TooLong from None
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _lower(memory: int) -> None:
    with open("/proc/self/statm", encoding="ascii") as stream:
        used = int(stream.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))


def _answer(reading: int, seconds: float) -> bytes:
    """All that comes before the end of the child or of the time; the time starts anew with each piece, and pieces come at the end."""
    pieces: list[bytes] = []
    while True:
        if not select.select([reading], [], [], seconds)[0]:
            raise TooLong
        piece = os.read(reading, 1 << 16)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
