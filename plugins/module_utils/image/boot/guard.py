# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The supervisor of a booted guest: a process on the build host that ends, and qemu with it.

It runs as a program of its own (see archive.py). It starts
qemu and waits for the first of: a request to end, the end of the Ansible run
that wanted the guest, the end of qemu, too long altogether. On request, it
asks the guest to shut down first.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.session import supervision
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.supervision import REQUESTED


def main(plan: dict[str, Any]) -> None:
    waker = supervision.wake_on_sigterm()
    owner = supervision.opened(plan["owner"]) if plan["owner"] else None
    with open(os.path.join(plan["directory"], "qemu.log"), "wb") as log:
        qemu = subprocess.Popen(
            plan["qemu"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, preexec_fn=supervision.die_with_parent
        )
    why = watch(qemu, {waker: REQUESTED, owner: "its Ansible run ended"}, plan["lifetime"])
    clean = why == REQUESTED and shut_down(qemu, plan["limit"])
    if qemu.poll() is None:
        qemu.kill()
    qemu.wait()
    with contextlib.suppress(FileNotFoundError):  # the session is gone already
        supervision.note(plan["directory"], {"clean": clean, "why": why})


def watch(qemu: subprocess.Popen[bytes], ends: Mapping[int | None, str], lifetime: float) -> str:
    """Wait for the first reason to end, and say which it was; what qemu says meanwhile is read and forgotten."""
    poller = select.poll()
    for handle in [*([qemu.stdout.fileno()] if qemu.stdout else []), *(handle for handle in ends if handle is not None)]:
        poller.register(handle, select.POLLIN)
    end = time.monotonic() + lifetime
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return f"it ran for more than {lifetime} s"
        for handle, unused_event in poller.poll(left * 1000):
            if handle in ends:
                return ends[handle]
            if not os.read(handle, 65536):
                return "qemu ended"


def shut_down(qemu: subprocess.Popen[bytes], limit: float) -> bool:
    """Press the guest's power button, over QMP; did the guest shut down in time?"""
    try:
        if qemu.stdin:
            for command in ("qmp_capabilities", "system_powerdown"):
                qemu.stdin.write(json.dumps({"execute": command}).encode() + b"\n")
            qemu.stdin.flush()
        qemu.wait(limit)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return True
