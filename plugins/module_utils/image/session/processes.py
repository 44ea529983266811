# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Processes of the build host by identity: a number alone may belong to somebody else by now."""

from __future__ import annotations

import errno
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

_ANSIBLE = re.compile(r"(?:^|/)ansible(?:-playbook|-console|-pull)?$")


@dataclass(frozen=True)
class Process:
    """One process: its number, when it started (in ticks since boot), and in which boot."""

    pid: int
    start: str
    boot: str

    @classmethod
    def there(cls, pid: int) -> Process:
        """This process, or a child that nobody has waited for: its number is nobody else's."""
        process = cls.of(pid)
        if process is None:
            raise ProcessLookupError(errno.ESRCH, f"there is no process {pid}")
        return process

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this number now, or None."""
        stat = _stat(pid)
        return cls(pid, stat[19], _boot()) if stat else None

    @classmethod
    def load(cls, data: dict[str, Any] | None) -> Process | None:
        return cls(**data) if data else None

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def alive(self) -> bool:
        stat = _stat(self.pid)
        return stat is not None and stat[0] not in "ZX" and stat[19] == self.start and _boot() == self.boot

    def signal(self, number: int) -> None:
        """Send a signal to this very process, or to none."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return
        try:
            if self.alive:
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def ended(self, limit: float) -> bool:
        """Wait until it has ended, at most ``limit`` seconds; did it?"""
        return wait_until(lambda: not self.alive, limit)

    def stop(self, limit: float) -> bool:
        """Ask it to end, wait, and kill it past the limit; did it end when asked?"""
        if self.ask(limit):
            return True
        self.signal(signal.SIGKILL)
        self.ended(limit)
        return False

    def ask(self, limit: float) -> bool:
        """Ask it to end, again and again, since qemu-storage-daemon misses a signal between two waits; did it?"""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            self.signal(signal.SIGTERM)
            if self.ended(0.1):
                return True
        return False


def wait_until(true: Callable[[], object], limit: float) -> bool:
    """Look every few milliseconds until ``true()``; false when the limit came first."""
    end = time.monotonic() + limit
    pause = 0.002
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True


def owner(pid: int | None = None) -> Process | None:
    """The Ansible run that a module belongs to, when it runs on this machine; else None.

    A run is a process with one forked worker a task, both of the same name;
    the upper one lives as long as the run.
    """
    found, pid = None, pid or os.getpid()
    while pid > 1:
        stat = _stat(pid)
        if not stat:
            break
        if _is_ansible(pid):
            found = pid
        elif found:
            break
        pid = int(stat[1])
    return Process.of(found) if found else None


def reference(process: Process | None) -> dict[str, Any]:
    """How another program of this machine can name a process; empty without one."""
    return {**process.dump(), "space": _space()} if process else {}


def here(data: dict[str, Any]) -> Process | None:
    """The process of a reference, or None when it was on another machine or in another container."""
    if not data or (data["boot"], data["space"]) != (_boot(), _space()):
        return None
    return Process(data["pid"], data["start"], data["boot"])


def askers(pid: int | None = None) -> list[int]:
    """The processes above this one: who waits for what it does. They change when one of them ends."""
    number, found = pid or os.getpid(), []
    while number > 1:
        stat = _stat(number)
        number = int(stat[1]) if stat else 0
        found.append(number)
    return found


def _is_ansible(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as stream:
            words = stream.read().split("\0")
    except OSError:
        return False
    return any(_ANSIBLE.search(word) for word in words[:3])


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name, so that the state comes first (proc(5))."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()
    except OSError:
        return None


def _space() -> str:
    """The process namespace, in which a number means something."""
    return os.readlink("/proc/self/ns/pid")


def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as stream:
        return stream.read().strip()
