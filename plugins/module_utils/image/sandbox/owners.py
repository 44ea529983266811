# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose root is inside: a user namespace in which user 0 is nobody on the build host, while the disk keeps its owners."""

from __future__ import annotations

import os
import signal

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import kernel
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import FIRST_USER, USERS


def make(first: int = FIRST_USER) -> int:
    """A descriptor of a new user namespace whose user 0 is the build host's ``first``; it lasts as long as somebody has it open."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            kernel.unshare(kernel.CLONE_NEWUSER)
            # The number that the caller's /proc knows this process by, whatever its own namespace of processes says.
            os.write(writing, os.readlink("/proc/self").encode())
            os.close(writing)
            signal.pause()
        finally:
            os._exit(1)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as stream:
            number = stream.read().decode()
        if not number:
            raise OSError("the kernel of the build host makes no user namespace")
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{number}/{name}", "w", encoding="ascii") as stream:
                stream.write(f"0 {first} {USERS}\n")
        return os.open(f"/proc/{number}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def for_networks() -> int:
    """A user namespace of the build host's own users: ruling networks in it is not ruling those of the build host."""
    return make(first=0)


def mapped(place: str, userns: int) -> int:
    """A copy of the mounts at a place whose owners are those of the user namespace."""
    tree = kernel.copy_mounts(place)
    try:
        kernel.idmap(tree, userns)
    except OSError:
        os.close(tree)
        raise
    return tree
