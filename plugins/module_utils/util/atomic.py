# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of this collection's own, written so that a reader, or a crash, sees the old one or the new one, whole."""

from __future__ import annotations

import os
from collections.abc import Mapping


def write(path: str, content: str | bytes, mode: int = 0o600) -> None:
    """Put a file in the place of another in one step, and return when that would survive a power cut; one writer at a time."""
    temporary = f"{path}.new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content if isinstance(content, bytes) else content.encode())
        stream.flush()
        os.fsync(stream.fileno())
    os.chmod(temporary, mode)  # whatever the mask of whoever calls it
    os.replace(temporary, path)
    sync_directory(os.path.dirname(path) or ".")


def write_all(directory: str, files: Mapping[str, str | bytes], mode: int) -> None:
    """Put files into a directory, which is made if it is not there, each in one step."""
    make_directory(os.path.abspath(directory))
    for name, content in files.items():
        write(os.path.join(directory, name), content, mode)


def sync_directory(directory: str) -> None:
    """Make names that were added to or removed from a directory last."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_directory(directory: str, mode: int = 0o750) -> None:
    """Make a directory and those above it, so that they outlast a power cut."""
    if not os.path.isdir(directory):
        make_directory(os.path.dirname(directory), mode)
        os.makedirs(directory, mode=mode, exist_ok=True)
        sync_directory(os.path.dirname(directory))
