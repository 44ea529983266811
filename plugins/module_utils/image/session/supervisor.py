# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The outside of a session: a process on the build host that ends with everything put away.

It runs as a program of its own (see archive.py). It starts
the sandbox in its namespaces and waits for the first of: a request to end, the
end of the Ansible run that opened the session, the end of the sandbox or of the
storage daemon, too long without a command, too long altogether. Then it ends
the sandbox, and after it the daemon. When nobody is left who could want the
session, its directory goes too; else it stays, with the reason, for whoever asks.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.session import control_groups, supervision
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.directory import erase, idle
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import OVERLAY, is_numbered
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.supervision import REQUESTED

RUN_ENDED = "the Ansible run that opened it ended"
UNHEARD = "the module that opened it ended"


def main(plan: dict[str, Any]) -> None:
    waker = supervision.wake_on_sigterm()
    daemon = supervision.opened(plan["daemon"])
    owner = supervision.opened(plan["owner"]) if plan["owner"] else None
    with open(os.path.join(plan["directory"], "sandbox.log"), "wb") as log:
        sandbox = subprocess.Popen(
            plan["sandbox"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, preexec_fn=supervision.die_with_parent
        )
    first = _line(sandbox)
    heard = tell_opener(first)
    entered = json.loads(first or b"{}")
    why, clean = "", False
    if "pid" in entered:
        inner = os.pidfd_open(entered["pid"])
        ends = {waker: REQUESTED, inner: "its sandbox ended", daemon: "its storage daemon ended", owner: RUN_ENDED}
        why = watch(plan, entered["pid"], ends) if heard else UNHEARD
        clean, why = stop_sandbox(sandbox, inner, daemon, plan["limit"], why)
    if not stop(daemon, plan["limit"]):
        clean, why = False, f"the storage daemon did not end within {plan['limit']} s"
    note(plan["directory"], {"clean": clean, "why": why})
    if why in (RUN_ENDED, UNHEARD, unused(plan)):
        control_groups.remove(plan["groups"])
        forget(plan["directory"])


def _line(sandbox: subprocess.Popen[bytes]) -> bytes:
    return sandbox.stdout.readline() if sandbox.stdout else b""


def tell_opener(line: bytes) -> bool:
    """Hand the sandbox's report to the module that waits for it, which then goes away; was it still there?"""
    try:
        os.write(1, line)
    except BrokenPipeError:
        return False
    os.dup2(os.open("/dev/null", os.O_RDWR), 1)
    return True


def watch(plan: dict[str, Any], pid: int, ends: Mapping[int | None, str]) -> str:
    """Wait for the first reason to end, and say which it was."""
    poller = select.poll()
    for handle in filter(None, ends):
        poller.register(handle, select.POLLIN)
    end = time.monotonic() + plan["lifetime"]
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return f"it was open for more than {plan['lifetime']} s"
        ready = poller.poll(min(left, plan["lease"] / 4, 5) * 1000)
        if ready:
            return ends[ready[0][0]]
        if plan["owner"] is None and idle(plan["directory"]) > plan["lease"] and not busy(pid):
            return unused(plan)


def unused(plan: dict[str, Any]) -> str:
    return f"nothing ran in it for {plan['lease']} s"


def busy(pid: int) -> bool:
    """Does anything but the sandbox itself run in its process namespace?"""
    space = os.readlink(f"/proc/{pid}/ns/pid")
    return any(space_of(name) == space for name in os.listdir("/proc") if name.isdigit() and int(name) != pid)


def space_of(name: str) -> str | None:
    try:
        return os.readlink(f"/proc/{name}/ns/pid")
    except OSError:
        return None


def stop_sandbox(sandbox: subprocess.Popen[bytes], inner: int, daemon: int, limit: float, why: str) -> tuple[bool, str]:
    """End the sandbox; returns whether it left clean filesystems, and the reason to tell."""
    if why != REQUESTED:
        send(inner, signal.SIGKILL)  # nobody wants its filesystems any more
    if not stop(inner, limit):
        send(daemon, signal.SIGKILL)  # whoever waits for the disk gets an error now
        ended(inner, limit)
        return False, f"the template's filesystems could not be unmounted within {limit} s"
    left = json.loads(_line(sandbox) or b"{}")
    sandbox.wait()
    return left.get("clean", False) and why == REQUESTED, left.get("why", why)


def stop(process: int, limit: float) -> bool:
    """Ask a process to end, and kill it past the limit; did it end when asked?

    It is asked again and again: qemu-storage-daemon misses a signal that comes
    between two of its waits (it looks at its flag, then sleeps without end).
    """
    end = time.monotonic() + limit
    while time.monotonic() < end:
        send(process, signal.SIGTERM)
        if ended(process, 0.1):
            return True
    send(process, signal.SIGKILL)
    return False


def send(handle: int, number: int) -> None:
    with contextlib.suppress(OSError):
        signal.pidfd_send_signal(handle, number)


def ended(handle: int, limit: float) -> bool:
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if any(ready == handle for ready, unused_event in poller.poll((end - time.monotonic()) * 1000)):
            return True
    return False


def note(directory: str, ending: dict[str, Any]) -> None:
    """Leave word for whoever closes the session; what is not clean is worth nothing, and a full disk needs its room."""
    for name in os.listdir(directory) if not ending["clean"] else ():
        if is_numbered(name, OVERLAY):
            os.unlink(os.path.join(directory, name))
    supervision.note(directory, ending)


def forget(directory: str) -> None:
    """Remove an abandoned session, unless somebody acts on it right now."""
    with open(os.path.join(directory, "lock"), "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        erase(directory)
