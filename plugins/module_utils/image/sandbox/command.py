# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One command inside, and nothing left of it afterwards.

Three processes: the one that was called stays on the build host's side. Its child is inside the namespaces but still the build
host's, out of reach for everything else in there; it waits for the command, and ends what the command left running. The third
gives everything up and becomes the command.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import confine, kernel, nodes
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import (
    ENVIRONMENT,
    MARK,
    NOT_ENTERED,
    TYPE_CHECKING,
    Problem,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.own_python import Python

    # Takes the calling process into the namespaces, and returns what to do at the end.
    Enter = Callable[[], Callable[[], object]]

# Seconds until processes that were killed have to be gone.
_PATIENCE = 10.0


class Command:
    """What to run, and how."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str] | None = None, networks: bool = False, python: Python | None = None
    ) -> None:
        self.argv = list(argv)
        self.environment = {**ENVIRONMENT, **(environment or {})}
        self.networks = networks
        # The build host's own Python, which this process is, runs its standard input (see own_python.py).
        self.python = python

    @property
    def kept(self) -> Collection[int]:
        """The descriptors that it needs besides the standard ones."""
        return self.python.handles if self.python else ()


def run(enter: Enter, command: Command, userns: int | None) -> int:
    """Run a command; its exit code. ``enter`` takes the calling process into the namespaces, and returns what to do at the end."""
    caller = os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(_supervise(enter, command, userns, caller))
    return _code(os.waitpid(child, 0)[1])


def _supervise(enter: Enter, command: Command, userns: int | None, caller: int) -> int:
    """The second process: wait for the command and end what it leaves."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() not in (caller, 0):  # 0: the caller is outside of this namespace of processes
        return NOT_ENTERED
    try:
        finish = enter()
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        channel = nodes.Channel()
        child = os.fork()
        if child == 0:
            _become(command, userns, channel)
        code = _wait_for(child, channel.take(child))
        end_children()
        finish()
    except (OSError, Problem) as problem:
        complain(problem)
        return NOT_ENTERED
    return code


def complain(problem: object) -> None:
    os.write(2, f"{MARK}the template cannot be entered: {problem}\n".encode("utf-8", "backslashreplace"))


def _become(command: Command, userns: int | None, channel: nodes.Channel) -> None:
    """The third process."""
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        _close_all_but({0, 1, 2, userns, *channel.handles, *command.kept})
        channel.give(confine.confine(userns, command.networks))
        if userns is not None:
            os.close(userns)
        os.chdir("/")
        if command.python:
            os._exit(command.python.run(command.environment))
        try:
            os.execvpe(command.argv[0], command.argv, command.environment)
        except OSError as problem:
            os.write(2, f"{command.argv[0]}: {problem.strerror}\n".encode("utf-8", "backslashreplace"))
            os._exit(127)
    except BaseException as problem:
        complain(problem)
        os._exit(NOT_ENTERED)


def _close_all_but(kept: Collection[int | None]) -> None:
    """Have no descriptor of the build host but these."""
    for handle in map(int, os.listdir("/proc/self/fd")):
        if handle not in kept:
            with contextlib.suppress(OSError):  # the one that listed them
                os.close(handle)


def _wait_for(child: int, listener: int | None) -> int:
    """Collect the dead and answer calls until a child ends; its exit code."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda unused_number, unused_frame: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    poll = select.poll()
    for handle in filter(None, (reading, listener)):
        poll.register(handle, select.POLLIN)
    while True:
        for pid, status in iter(_dead, None):
            if pid == child:
                return _code(status)
        for handle, event in poll.poll():
            if handle == reading:
                os.read(reading, 4096)
            elif event & select.POLLIN:
                nodes.answer(handle)
            else:  # everybody whom it named has ended
                poll.unregister(handle)


def _dead() -> tuple[int, int] | None:
    """The number and the status of a child that has ended, or None."""
    pid, status = os.waitpid(-1, os.WNOHANG)
    return (pid, status) if pid else None


def _code(status: int) -> int:
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def end_children() -> None:
    """Kill what a command left running, until nothing is left: a child's children become ours when it dies."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)
    raise Problem("processes that the command left running cannot be ended")


def _children() -> Iterator[int]:
    """The processes whose parent is this one."""
    own = os.getpid()
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stream:
                if int(stream.read().rpartition(b")")[2].split()[1]) == own:
                    yield int(name)
