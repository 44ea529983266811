# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far each host of a run has come: its step, the task that runs, and how long each step took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Host:
    """One host of the run. Moments are seconds of a monotonic clock."""

    name: str
    began: float
    step: str = ""
    step_began: float = 0.0
    task: str = ""
    ended: float | None = None
    changed: int = 0
    # The step in which it failed first.
    failed_at: str = ""
    unreachable: bool = False
    steps: dict[str, float] = field(default_factory=dict)

    def leave_step(self, now: float) -> None:
        """Add the time since the step began to that of the step."""
        if self.step:
            self.steps[self.step] = self.steps.get(self.step, 0.0) + now - self.step_began
        self.step = ""

    def elapsed(self, now: float) -> float:
        return (now if self.ended is None else self.ended) - self.began


class Progress:
    """The hosts of a run, in the order in which they began."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.began = clock()
        self.hosts: dict[str, Host] = {}

    def start(self, name: str, step: str, task: str) -> tuple[str, float] | None:
        """A task begins on a host, outside of any role if it has no step. Return the step that ended with it, and its seconds."""
        now = self.clock()
        host = self.hosts.setdefault(name, Host(name, now))
        host.task, host.ended = task, None
        if step == host.step:
            return None
        before, began = host.step, host.step_began
        host.leave_step(now)
        host.step, host.step_began = step, now
        return (before, now - began) if before else None

    def change(self, name: str) -> None:
        if name in self.hosts:
            self.hosts[name].changed += 1

    def fail(self, name: str, unreachable: bool = False) -> None:
        """A task failed on a host. The first one is to blame: what rescues a play often fails in its end."""
        host = self.hosts.setdefault(name, Host(name, self.clock()))
        host.failed_at = host.failed_at or host.step or host.task
        host.unreachable = unreachable

    def wait(self) -> None:
        """The play has ended, or the run: nothing runs on any host."""
        now = self.clock()
        for host in self.hosts.values():
            if host.ended is None:
                host.leave_step(now)
                host.ended, host.task = now, ""
