# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A compressed disk: unpacked once, into a file of the session, as no program can read it at any place."""

from __future__ import annotations

import os
import subprocess
import time
from typing import IO

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, free_space, sized, which

# No program takes more memory than this, whatever a file asks for.
_COMMANDS = {
    "xz": ("xz", "--decompress", "--stdout", "--memlimit-decompress=1GiB"),
    "zstd": ("zstd", "--decompress", "--stdout", "--quiet", "--memory=1024MB"),
    "gzip": ("gzip", "--decompress", "--stdout"),
}
_PACKAGES = {"xz": "xz-utils", "zstd": "zstd", "gzip": "gzip"}
_BLOCK = 1 << 20
_HOLE = 4096
_NOTHING = bytes(_HOLE)


def require(program: str) -> None:
    """Refuse to begin what cannot be unpacked here."""
    if which(program) is None:
        raise ImageError(f"the build host lacks {program}: install the Debian package {_PACKAGES[program]}")


def unpack(source: str, program: str, target: str, spare: int, limit: float) -> None:
    """Unpack a file, with holes for its zeros; a disk that would leave less than ``spare`` bytes free is refused."""
    end = time.monotonic() + limit
    with open(source, "rb") as packed, open(target, "xb") as stream:
        running = subprocess.Popen(
            _COMMANDS[program],
            executable=which(program),
            stdin=packed,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C.UTF-8"},
        )
        unpacked: IO[bytes] = running.stdout  # type: ignore[assignment]
        errors: IO[bytes] = running.stderr  # type: ignore[assignment]
        try:
            _fill(unpacked, stream, source, spare, end)
            error = errors.read(4096).decode(errors="replace").strip()
            code = running.wait(60)
        finally:
            running.kill()
            running.communicate()
    if code:
        raise ImageError(f"{source} cannot be unpacked ({error.splitlines()[-1] if error else program}): copy the template anew")


def _fill(unpacked: IO[bytes], stream: IO[bytes], source: str, spare: int, end: float) -> None:
    directory = os.path.dirname(str(stream.name))
    while True:
        block = unpacked.read(_BLOCK)
        if not block:
            break
        if time.monotonic() > end:
            raise ImageError(f"{source} could not be unpacked in time: unpack it beforehand, or allow more (promote_timeout)")
        if free_space(directory) < spare + len(block):
            raise ImageError(
                f"{directory} has {sized(free_space(directory))} free, which is too little for what {source} unpacks to: make room there"
            )
        _write(stream, block)
    stream.truncate()


def _write(stream: IO[bytes], block: bytes) -> None:
    """Write what is not zeros."""
    for at in range(0, len(block), _HOLE):
        part = block[at : at + _HOLE]
        if part == _NOTHING:
            stream.seek(_HOLE, os.SEEK_CUR)
        else:
            stream.write(part)
