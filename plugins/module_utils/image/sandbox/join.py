# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Putting one command into the sandbox of an opened template: what the script ``enter`` of a session does."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import arguments, command, counting, kernel
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import MARK, NOT_ENTERED, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

# Everything but the processes' own namespace is entered by the process itself.
_KINDS = (("uts", kernel.CLONE_NEWUTS), ("ipc", kernel.CLONE_NEWIPC), ("net", kernel.CLONE_NEWNET), ("mnt", kernel.CLONE_NEWNS))


class Gone(Exception):
    """The sandbox has ended."""


def main(state: dict[str, Any], words: Sequence[str], mover: int) -> int:
    """Run the command that the words mean; its exit code. ``mover`` has begun to count it (counting.py)."""
    asked = arguments.parse(words)
    try:
        handles = _opened(state)
    except (OSError, Gone):
        os.write(2, f"{MARK}{state['gone']}\n".encode("utf-8", "backslashreplace"))
        counting.end(mover)
        return NOT_ENTERED
    os.utime(state["used"])
    counting.end(mover)
    python = asked.own_python(state["owner"])
    try:
        environment = {**asked.environment, **asked.proxy(handles["net"], state["network"], state["tree"])}
        userns = handles["user"] if "user" in handles else asked.user_namespace()
        kernel.setns(handles["pid"], kernel.CLONE_NEWPID)
    except OSError as problem:
        command.complain(problem)
        return NOT_ENTERED

    def enter() -> Callable[[], object]:
        kernel.import_nothing_more()
        for name, kind in _KINDS:
            kernel.setns(handles[name], kind)
        os.chdir("/")
        return lambda: None

    try:
        return command.run(enter, command.Command(asked.argv, environment, asked.networks, python), userns)
    finally:
        if python:
            python.remove()


def _opened(state: dict[str, Any]) -> dict[str, int]:
    """Descriptors of the namespaces of the very process that made them."""
    pid = state["pid"]
    handles = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in ("uts", "ipc", "net", "pid")}
    for name, number in state["namespaces"].items():
        handles[name] = os.open(f"/proc/{pid}/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)
    with open(f"/proc/{pid}/stat", "rb") as stream:
        fields = stream.read().rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X") or fields[19].decode() != state["start"]:
        raise Gone()
    return handles
