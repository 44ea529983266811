# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The directory of a session: how long nothing ran in it, and its end."""

from __future__ import annotations

import ctypes
import os
import shutil
import time

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import DISK, JOURNAL, USED, is_numbered

MNT_DETACH = 2


def idle(directory: str) -> float:
    """Seconds since a command was last started."""
    return time.time() - os.stat(os.path.join(directory, USED)).st_mtime


def erase(directory: str, kept: str | None = None) -> None:
    """Remove a session's directory, and the journal only after everything that it tells of; a file that is kept keeps the directory."""
    for name in os.listdir(directory):
        if is_numbered(name, DISK):  # a killed daemon leaves it mounted
            ctypes.CDLL(None).umount2(os.fsencode(os.path.join(directory, name)), MNT_DETACH)
    for name in sorted({*os.listdir(directory)} - {kept}, key=lambda name: (name == JOURNAL, name)):
        path = os.path.join(directory, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    if kept is None:
        os.rmdir(directory)
