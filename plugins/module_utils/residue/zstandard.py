# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Zstandard (RFC 8878), which Python has from 3.14 on, and before that the program ``zstd`` of the system that is scanned.

Where that is not installed, the file is reported as one that could not be searched.
"""

from __future__ import annotations

import contextlib
import importlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Read

_MISSING = "it is compressed with zstd, which is not installed: install zstd"
_COMMAND = ("--decompress", "--stdout", "--quiet", "--memory=256MB")


@contextlib.contextmanager
def reading(read: Read) -> Iterator[Read]:
    """A reader of what a compressed stream holds."""
    library = _library()
    if library:
        with library.ZstdFile(_Stream(read)) as stream:
            yield stream.read
        return
    program = shutil.which("zstd", path="/usr/bin:/bin:/usr/local/bin")
    if program is None:
        raise NotImplementedError(_MISSING)
    process = subprocess.Popen([program, *_COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if process.stdin is None or process.stdout is None:
        raise NotImplementedError(_MISSING)
    feeder = threading.Thread(target=_feed, args=(read, process.stdin), daemon=True)
    feeder.start()
    try:
        yield process.stdout.read
    finally:
        process.stdout.close()
        process.kill()
        process.wait()
        feeder.join()


def _feed(read: Read, pipe: Any) -> None:
    with contextlib.suppress(OSError, ValueError), pipe:
        while True:
            data = read(1 << 16)
            if not data:
                return
            pipe.write(data)


def _library() -> Any:
    try:
        return importlib.import_module("compression.zstd")
    except ImportError:
        return None


class _Stream:
    def __init__(self, read: Read) -> None:
        self.read = read
