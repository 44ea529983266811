# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running one command in a system that lies in a directory, with nothing of it left afterwards but what the command changed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import (
    arguments,
    command,
    filesystems,
    furniture,
    kernel,
    namespaces,
)
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import (
    FIRST_USER,
    MARK,
    NOT_ENTERED,
    STRONG,
    TYPE_CHECKING,
    Problem,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Network

_STATES = "/run/hygeia/roots"


def main(root: str, isolation: str, network: Network, words: Sequence[str]) -> int:
    """Enter the system under ``root`` for one command; its exit code."""
    asked = arguments.parse(words)
    owner = FIRST_USER if isolation == STRONG else 0
    python = asked.own_python(owner)
    try:
        state = _state(root, owner)
        userns = namespaces.user_namespace(isolation)
        environment = {**asked.environment, **_network(root, network, asked)}
        inside = Inside(root, userns, state)
        userns = asked.user_namespace() if userns is None else userns
        kernel.unshare(kernel.CLONE_NEWPID)
        return command.run(inside.enter, command.Command(asked.argv, environment, asked.networks, python), userns)
    except (OSError, Problem) as problem:
        sys.stderr.write(f"{MARK}{root} cannot be entered: {problem}\n")
        return NOT_ENTERED
    finally:
        if python:
            python.remove()


def _state(root: str, owner: int) -> str:
    """The directory that keeps the system's /run from one command to the next."""
    if not filesystems.holds_system(root):
        raise Problem("it holds no Linux system (no etc/os-release)")
    place = os.stat(root)
    state = os.path.join(_STATES, f"{place.st_dev:x}-{place.st_ino:x}")
    os.makedirs(os.path.join(state, "run"), mode=0o755, exist_ok=True)
    os.chown(os.path.join(state, "run"), owner, owner)
    return state


def _network(root: str, network: Network, asked: arguments.Asked) -> dict[str, str]:
    """A network namespace with nothing in it, and with a proxy where there is to be one; how programs find that."""
    before = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    kernel.unshare(kernel.CLONE_NEWNET)
    kernel.loopback_up()
    made = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    kernel.setns(before, kernel.CLONE_NEWNET)
    environment = asked.proxy(made, network, root)
    kernel.setns(made, kernel.CLONE_NEWNET)
    return environment


class Inside:
    """The way into one tree, shared by commands that run at the same time."""

    def __init__(self, root: str, userns: int | None, state: str) -> None:
        self.root, self.userns, self.state = root, userns, state
        self.made = os.path.join(state, "made")

    def enter(self) -> Callable[[], object]:
        """Take the process inside; what it does at the end is to remove what was made for covers, unless another command needs it."""
        kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC)
        kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SLAVE)
        users = self._locked("lock", fcntl.LOCK_SH)
        tree = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        kernel.mount(self.root, self.root, None, kernel.MS_BIND | kernel.MS_REC)
        kernel.mount(None, self.root, None, kernel.MS_REC | kernel.MS_PRIVATE)
        kernel.mount(None, self.root, None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_NODEV)
        furniture.make_places(self.root)
        memory = os.open(self.made, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        # The covers go on one command after another, for the files below them are shared.
        fcntl.flock(memory, fcntl.LOCK_EX)
        namespaces.enter_root(
            self.root, self.userns, lambda path: os.write(memory, os.fsencode(f"{path}\n")), run=os.path.join(self.state, "run")
        )
        fcntl.flock(memory, fcntl.LOCK_UN)

        def finish() -> None:
            with contextlib.suppress(BlockingIOError):  # another command still has them covered
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                paths = [os.fsdecode(path) for path in os.pread(memory, 1 << 16, 0).splitlines()]
                for path in paths:
                    with contextlib.suppress(OSError):  # it may have been made by a command that was killed
                        kernel.umount(path)
                furniture.remove_empty(f"/proc/self/fd/{tree}", paths)
                os.ftruncate(memory, 0)

        return finish

    def _locked(self, name: str, kind: int) -> int:
        handle = os.open(os.path.join(self.state, name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, kind)
        return handle
