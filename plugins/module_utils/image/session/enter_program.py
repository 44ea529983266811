# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The program ENTER in a session's directory: runs one command in the system that the session stands for.

``SESSION/enter [--network] COMMAND...`` passes standard input, output and the
exit code through. What it does depends on the session's state, so it is written
anew whenever that changes; whoever calls it needs to know nothing else. All
that can be asked for is in sandbox/arguments.py.
"""

from __future__ import annotations

import os
import shlex
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import program
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import MARK
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic

NAME = "enter"

_CLOSED = """#!/bin/sh
echo {sentence} >&2
exit 125
"""


def write_open(directory: str, sandbox: Process, **state: Any) -> None:
    """Commands run in the sandbox that the process ``sandbox`` holds; ``state`` is what join.py wants to know beside it."""
    gone = f"the session {os.path.basename(directory)} is not open any more: its sandbox ended, open the template again"
    write(
        directory,
        program.enter({"pid": sandbox.pid, "start": sandbox.start, "gone": gone, "used": os.path.join(directory, "used"), **state}),
    )


def write_closed(directory: str) -> None:
    """Commands are refused with one sentence."""
    sentence = f"{MARK}the session {os.path.basename(directory)} is closed: nothing can run in it until it is promoted or discarded"
    write(directory, _CLOSED.format(sentence=shlex.quote(sentence)).encode())


def write(directory: str, content: str | bytes) -> str:
    """Put a program in place in one step."""
    path = os.path.join(directory, NAME)
    atomic.write(path, content, 0o700)
    return path
