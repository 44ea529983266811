# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The outside of a session: a process on the build host that ends with everything put away.

It runs as a script of its own and needs the standard library only. It starts
the worker in its namespaces and waits for the first of: being told to end, the
end of the Ansible run that opened the session, the end of the worker or of the
storage daemon, too long without a command, too long altogether. Then it ends
the worker, and after it the daemon. When nobody is left who could want the
session, its folder goes too; else it stays, with the reason, for whoever asks.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG, MNT_DETACH = 1, 2
TOLD = "told to end"
RUN_ENDED = "the Ansible run that opened it ended"
UNHEARD = "the module that opened it ended"


def main(plan):
    waker = wake_on_sigterm()
    daemon, owner = opened(plan["daemon"]), opened(plan["owner"])
    with open(os.path.join(plan["folder"], "worker.log"), "wb") as log:
        worker = subprocess.Popen(
            plan["worker"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, preexec_fn=die_with_parent,
        )
    first = worker.stdout.readline()
    heard = tell_opener(first)
    entered = json.loads(first or b"{}")
    why, clean = "", False
    if "pid" in entered:
        inner = os.pidfd_open(entered["pid"])
        ends = {waker: TOLD, inner: "its worker ended", daemon: "its storage daemon ended", owner: RUN_ENDED}
        why = watch(plan, entered["pid"], ends) if heard else UNHEARD
        clean, why = stop_worker(worker, inner, daemon, plan["limit"], why)
    if not stop(daemon, plan["limit"]):
        clean, why = False, f"the storage daemon did not end within {plan['limit']} s"
    note(plan["folder"], {"clean": clean, "why": why})
    if why in (RUN_ENDED, UNHEARD, unused(plan)):
        forget(plan["folder"])


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


def tell_opener(line):
    """Hand the worker's report to the module that waits for it, which then goes away; was it still there?"""
    try:
        os.write(1, line)
    except BrokenPipeError:
        return False
    os.dup2(os.open("/dev/null", os.O_RDWR), 1)
    return True


def watch(plan, pid, ends):
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
        if plan["owner"] is None and idle(plan["folder"]) > plan["lease"] and not busy(pid):
            return unused(plan)


def unused(plan):
    return f"nothing ran in it for {plan['lease']} s"


def idle(folder):
    """Seconds since a command was last started."""
    return time.time() - os.stat(os.path.join(folder, "used")).st_mtime


def busy(pid):
    """Does anything but the worker itself run in its process namespace?"""
    space = os.readlink(f"/proc/{pid}/ns/pid")
    return any(space_of(name) == space for name in os.listdir("/proc") if name.isdigit() and int(name) != pid)


def space_of(name):
    try:
        return os.readlink(f"/proc/{name}/ns/pid")
    except OSError:
        return None


def stop_worker(worker, inner, daemon, limit, why):
    """End the worker; returns whether it left clean filesystems, and the reason to tell."""
    if why != TOLD:
        send(inner, signal.SIGKILL)  # nobody wants its filesystems any more
    if not stop(inner, limit):
        send(daemon, signal.SIGKILL)  # whoever waits for the disk gets an error now
        ended(inner, limit)
        return False, f"the template's filesystems could not be unmounted within {limit} s"
    left = json.loads(worker.stdout.readline() or b"{}")
    worker.wait()
    return left.get("clean", False) and why == TOLD, left.get("why", why)


def stop(process, limit):
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


def send(handle, number):
    try:
        signal.pidfd_send_signal(handle, number)
    except OSError:
        pass


def ended(handle, limit):
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if any(ready == handle for ready, unused_event in poller.poll((end - time.monotonic()) * 1000)):
            return True
    return False


def note(folder, ending):
    """Leave word for whoever closes the session; what is not clean is worth nothing, and a full disk needs its room."""
    overlay = os.path.join(folder, "overlay.qcow2")
    if not ending["clean"] and os.path.exists(overlay):
        os.unlink(overlay)
    path = os.path.join(folder, "ended.json")
    with open(path + ".new", "w", encoding="utf-8") as stream:
        json.dump(ending, stream)
    os.replace(path + ".new", path)


def forget(folder):
    """Remove an abandoned session, unless somebody acts on it right now."""
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        erase(folder)


def erase(folder):
    """Remove a session's folder, and the journal only after everything that it tells of."""
    ctypes.CDLL(None).umount2(os.fsencode(os.path.join(folder, "disk")), MNT_DETACH)  # a killed daemon leaves it mounted
    for name in sorted(os.listdir(folder), key="journal.json".__eq__):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    os.rmdir(folder)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
