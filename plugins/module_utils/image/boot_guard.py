# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The keeper of a booted guest: a process on the build host that ends, and qemu with it.

It runs as a script of its own and needs the standard library only. It starts
qemu and waits for the first of: being told to end, the end of the Ansible run
that wanted the guest, the end of qemu, too long altogether. Told to end, it
asks the guest to shut down first.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
TOLD = "told to end"


def main(plan):
    waker = wake_on_sigterm()
    owner = opened(plan["owner"])
    with open(os.path.join(plan["folder"], "qemu.log"), "wb") as log:
        qemu = subprocess.Popen(plan["qemu"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, preexec_fn=die_with_parent)
    why = watch(qemu, {waker: TOLD, owner: "its Ansible run ended"}, plan["lifetime"])
    clean = why == TOLD and shut_down(qemu, plan["limit"])
    if qemu.poll() is None:
        qemu.kill()
    qemu.wait()
    note(plan["folder"], {"clean": clean, "why": why})


def wake_on_sigterm():
    """A descriptor that becomes readable when the signal comes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGTERM, lambda unused_number, unused_frame: None)
    return reading


def opened(process):
    """A descriptor for a process that becomes readable when it ends; one that ended already is readable now."""
    if process is None:
        return None
    try:
        return os.pidfd_open(process["pid"])
    except ProcessLookupError:
        return os.open("/dev/null", os.O_RDONLY)


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def watch(qemu, ends, lifetime):
    """Wait for the first reason to end, and say which it was; what qemu says meanwhile is read and forgotten."""
    poller = select.poll()
    for handle in [qemu.stdout.fileno()] + [handle for handle in ends if handle is not None]:
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


def shut_down(qemu, limit):
    """Press the guest's power button, over QMP; did the guest shut down in time?"""
    try:
        for command in ("qmp_capabilities", "system_powerdown"):
            qemu.stdin.write(json.dumps({"execute": command}).encode() + b"\n")
        qemu.stdin.flush()
        qemu.wait(limit)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return True


def note(folder, ending):
    """Leave word for whoever stops the guest."""
    path = os.path.join(folder, "ended.json")
    try:
        with open(path + ".new", "w", encoding="utf-8") as stream:
            json.dump(ending, stream)
        os.replace(path + ".new", path)
    except FileNotFoundError:
        pass  # the session is gone already


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
