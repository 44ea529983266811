# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Control groups that bound what one session's programs use together (cgroups(7)); where there are none, limits of each process do."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import partial

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import MEMORY, PROCESSES
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until

ROOT = "/sys/fs/cgroup"
# Version 2 has one tree, version 1 one for each controller.
_UNIFIED = {"memory.max": MEMORY, "memory.swap.max": 0, "pids.max": PROCESSES}
_EACH = {"memory": {"memory.limit_in_bytes": MEMORY}, "pids": {"pids.max": PROCESSES}}


def make(directory: str) -> list[str]:
    """The groups of the session in a directory, by their directories; those that cannot be made are left out."""
    unified = os.path.exists(os.path.join(ROOT, "cgroup.controllers"))
    trees = {ROOT: _UNIFIED} if unified else {os.path.join(ROOT, name): limits for name, limits in _EACH.items()}
    return [path for tree, limits in trees.items() for path in _made(os.path.join(tree, name(directory)), limits)]


def name(directory: str) -> str:
    """What the groups of the session in a directory are called."""
    return f"hygeia-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}"


def _made(path: str, limits: Mapping[str, int]) -> list[str]:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError:
        return []
    for name, value in limits.items():
        with contextlib.suppress(OSError), open(os.path.join(path, name), "w", encoding="ascii") as stream:
            stream.write(str(value))
    return [path]


def remove(paths: Sequence[str], patience: int = 3) -> None:
    """Take groups away; the last processes in them may be on their way out."""
    for path in paths:
        wait_until(partial(_removed, path), patience)


def _removed(path: str) -> bool:
    with contextlib.suppress(OSError):
        os.rmdir(path)
    return not os.path.isdir(path)
