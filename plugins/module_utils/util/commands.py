# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running a command that may be hostile: it ends in time, and what it prints has an end too."""

from __future__ import annotations

import os
import select
import selectors
import subprocess
import time
from collections.abc import Sequence
from typing import Any

# More than any program prints that is asked here; the list of all files of all packages is a tenth of it.
MOST = 64 * 1024 * 1024
_PIECE = 64 * 1024


class TooMuch(Exception):
    """The command printed more than it may."""


def captured(
    command: Sequence[str], stdin: bytes | None = None, timeout: float = 300, most: int = MOST, **how: Any
) -> tuple[int, bytes, bytes]:
    """The exit code of a command and the bytes that it printed: on its output, and on its error output.

    Past the time (subprocess.TimeoutExpired) and past the most that it may print (TooMuch) it is killed.
    """
    source = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    with subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how) as process:
        try:
            out, err = _talk(process, stdin or b"", time.monotonic() + timeout, most)
            return process.wait(timeout), out, err
        except BaseException:
            process.kill()
            raise


def _talk(process: subprocess.Popen[bytes], stdin: bytes, end: float, most: int) -> tuple[bytes, bytes]:
    """Write what the process reads, and read what it prints, until it has closed both of its outputs."""
    printed: dict[Any, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for output in printed:
            selector.register(output, selectors.EVENT_READ)
        if process.stdin:
            selector.register(process.stdin, selectors.EVENT_WRITE)
        while selector.get_map():
            ready = selector.select(max(0, end - time.monotonic()))
            if not ready and time.monotonic() >= end:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, unused_events in ready:
                stream: Any = key.fileobj
                if stream is process.stdin:
                    stdin = _written(key.fd, stdin)
                    going_on = bool(stdin)
                else:
                    piece = os.read(key.fd, _PIECE)
                    printed[stream] += piece
                    going_on = bool(piece)
                if not going_on:
                    selector.unregister(stream)
                    stream.close()
            if sum(map(len, printed.values())) > most:
                raise TooMuch()
    return bytes(printed[process.stdout]), bytes(printed[process.stderr])


def _written(handle: int, rest: bytes) -> bytes:
    """What is left to be written; nothing when the process reads no more. A pipe that is ready takes PIPE_BUF bytes (pipe(7))."""
    try:
        return rest[os.write(handle, rest[: select.PIPE_BUF]) :] if rest else rest
    except BrokenPipeError:
        return b""
