# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Canaries: bytes that nobody else can have written, put onto a template's filesystems before it is sealed.

Where one can be read from the raw disk in the end, so could have been a secret. The build host plants them, by way of the
filesystems as it has them mounted itself: no program of the template takes part.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.util import places

DELETED, CUT = "deleted", "cut short and deleted"
# What stays where sealing looks, until that or the end of the session removes it.
KEPT = {
    "host key": "/etc/ssh/ssh_host_hygeia_key",
    "history": "/root/.hygeia_history",
    "log": "/var/log/hygeia.log.1",
    "temporary file": "/var/tmp/.hygeia-canary",
}
BESIDE = ".hygeia-canary"
# One in each block, and more of them than a cluster of the image holds.
BLOCK, BLOCKS = 4096, 24


def plant(tree: str, mounts: list[str], seed: str) -> tuple[list[str], list[str]]:
    """Plant them on all filesystems of a tree; returns what was planted, and a sentence about each filesystem without any."""
    planted, missing = [], []
    for mount in mounts:
        try:
            planted += _passing(tree, mount, seed)
        except OSError as problem:
            missing.append(f"no canary could be planted on {mount} of the template: {problem.strerror or problem}")
    for kind, path in KEPT.items():
        with contextlib.suppress(OSError):  # not every system has such a directory
            _write(tree, path, seed, kind)
            planted.append(kind)
    return planted, missing


def remove(tree: str) -> None:
    """Remove those that are still there."""
    for path in KEPT.values():
        with contextlib.suppress(OSError):
            with _directory(tree, path) as directory:
                os.unlink(os.path.basename(path), dir_fd=directory)


def patterns(seed: str, planted: list[str]) -> dict[bytes, str]:
    """What to search for, as ``{pattern: what it is}``; whoever does not know the seed cannot tell them."""
    return {_pattern(seed, name): f"the canary of the kind {name}" for name in planted}


def _passing(tree: str, mount: str, seed: str) -> list[str]:
    """Files of a filesystem that are gone at once; what they were called."""
    path = os.path.join(mount, BESIDE)
    names = []
    for what in (DELETED, CUT):
        name = f"{what} on {mount}"
        try:
            _write(tree, path, seed, name, 0 if what == CUT else None)
        finally:
            with contextlib.suppress(FileNotFoundError), _directory(tree, path) as directory:
                os.unlink(BESIDE, dir_fd=directory)
        names.append(name)
    return names


def _write(tree: str, path: str, seed: str, name: str, cut: int | None = None) -> None:
    """A new file with the canary in each block, all of which is on the disk for a moment at least."""
    content = (_pattern(seed, name) + b"\n").ljust(BLOCK, b"-") * BLOCKS
    with _directory(tree, path) as directory:
        handle = os.open(
            os.path.basename(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=directory
        )
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(handle)
            if cut is not None:
                os.ftruncate(handle, cut)


@contextlib.contextmanager
def _directory(tree: str, path: str) -> Iterator[int]:
    """The directory of a file, found as the template would; a link of it never leads out of the tree."""
    directory = places.parent(tree, f"{places.resolved(tree, os.path.dirname(path)).rstrip('/')}/{os.path.basename(path)}")
    try:
        yield directory
    finally:
        os.close(directory)


def _pattern(seed: str, name: str) -> bytes:
    return hmac.new(seed.encode(), name.encode(), hashlib.sha256).hexdigest().encode()
