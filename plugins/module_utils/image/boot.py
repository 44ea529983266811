# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The boot check: a closed session's template runs for a while in a throwaway overlay over the session's own.

The overlay gets a user with a key, starts in QEMU with its own boot loader,
and is thrown away. Nothing of it reaches the session's overlay, which is a
backing file here and no more.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image import accelerator, boot_console, boot_firmware, boot_login, guest
from ansible_collections.hygeia.golden.plugins.module_utils.image.processes import owner
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import opened
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.system_state import FACTS, host_keys

AUTO = "auto"
# systemd has come to its end, one way or the other (systemctl(1)).
SETTLED = ("running", "degraded", "maintenance")


class BootError(ImageError):
    """The template did not come up: a finding about the template, not a problem of the build host."""

    console = ()


@dataclass(frozen=True)
class Wish:
    """How the guest is to be run; times in seconds."""

    memory: int = 1024
    cpus: int = 2
    accelerator: str = AUTO
    firmware: str = AUTO
    boot_limit: int = 300
    settle_limit: int = 300
    shutdown_limit: int = 60
    lifetime: int = 3600


def start(session, wish):
    """Boot a closed session's template and lead its script into the guest; what came of it."""
    guest.require_tools()
    with session.acting("closed"):
        machine = guest.Guest(session)
        if machine.alive:
            raise ImageError(f"the session {session.name} has a guest already: stop it first")
        try:
            return _started(machine, wish)
        except BaseException as problem:
            if isinstance(problem, BootError):
                problem.console = boot_console.tail(machine.console)
            machine.stop(0)
            raise


def stop(session, wish):
    """Shut the guest down and remove everything of it; None when there was none, else whether it shut down by itself."""
    if session.state != "closed":
        return None
    with session.acting("closed"):
        machine = guest.Guest(session)
        if not session.journal.get("guest"):
            return None
        return machine.stop(wish.shutdown_limit)


def _started(machine, wish):
    machine.make()
    prepared, way, keys = _prepare(machine, wish)
    began = time.monotonic()
    machine.start(prepared, way.port, owner(), wish.lifetime, wish.shutdown_limit)
    _wait_for_login(machine, began + wish.boot_limit)
    seconds = round(time.monotonic() - began, 1)
    machine.write_enter()
    state = _settle(machine, wish.settle_limit)
    facts = {"login": "publickey", "user": boot_login.USER, "seconds": seconds, "template_host_keys": keys}
    _leave_word(machine, facts)
    return {
        "accelerator": prepared.accelerator, "firmware": prepared.firmware, "seconds": seconds, "system_state": state,
        "failed_units": _failed_units(machine), "host_keys": _host_keys(machine), "template_host_keys": keys,
    }


def _prepare(machine, wish):
    """Look into the throwaway overlay, add the login, and take out what must start from outside."""
    with opened(machine.overlay, os.path.dirname(machine.session.folder), machine.session.limits) as image:
        way = boot_login.door(image.host)
        boot_login.add(image.host, way, machine.make_key(way.key_type))
        firmware = wish.firmware if wish.firmware != AUTO else boot_firmware.of(image.disk)
        kernel = _take_kernel(machine, image.host)
        keys = sorted(host_keys(image.host))
    if firmware == boot_firmware.DIRECT and not kernel:
        raise BootError("the template has no kernel in /boot, so that nothing can start it")
    chosen = wish.accelerator
    if chosen == AUTO:
        chosen = accelerator.choose(kernel["kernel"], guest.program()) if kernel else accelerator.TCG
    direct = kernel if firmware == boot_firmware.DIRECT else {}
    return guest.Machine(machine.overlay, chosen, firmware, wish.memory, wish.cpus, **direct), way, keys


def _take_kernel(machine, host):
    """Copies of the newest kernel and its initramfs on the build host's side."""
    found = boot_firmware.kernel(host)
    if found is None:
        return {}
    shutil.copyfile(host.path(found.image), machine.path("kernel"))
    if found.initramfs:
        shutil.copyfile(host.path(found.initramfs), machine.path("initramfs"))
    initramfs = machine.path("initramfs") if found.initramfs else ""
    return {"kernel": machine.path("kernel"), "initramfs": initramfs, "words": f"{found.words} console=ttyS0"}


def _wait_for_login(machine, end):
    """Until an SSH login works; a boot that has come to a dead end is not waited for."""
    while True:
        _require_hope(machine)
        if machine.greets():
            ran = machine.log_in(max(end - time.monotonic(), 1))
            if ran.ok:
                return
            complaint = f"; ssh says: {ran.complaint}"
        else:
            complaint = ""
        if time.monotonic() > end:
            raise BootError(_too_late(machine, complaint))
        time.sleep(0.25)


def _require_hope(machine):
    said = boot_console.end(machine.console)
    if said:
        raise BootError(f"the template does not boot; its console says: {said}")
    if not machine.alive:
        last = boot_console.last(machine.console)
        raise BootError(f"the guest ended while it booted; its console said last: {last}") if last else ImageError(
            f"qemu ended at once: {machine.complaint()}"
        )


def _too_late(machine, complaint):
    said = boot_console.last(machine.console) or "nothing"
    if boot_console.at_prompt(machine.console):
        return (
            "the template boots to its login prompt, but nobody can log in over SSH in time: does its network take an address by DHCP on"
            f" any interface, and does its sshd start{complaint}"
        )
    return f"the template did not boot to an SSH login in time; its console says last: {said}{complaint}"


def _settle(machine, limit):
    """Wait until systemd has started everything; its state then, or the last one within the limit."""
    ran = machine.run(["timeout", str(limit), "systemctl", "is-system-running", "--wait"], timeout=limit + 30)
    state = ran.out.strip()
    if state in SETTLED:
        return state
    return machine.run(["systemctl", "is-system-running"]).out.strip() or f"unknown ({ran.complaint})"


def _leave_word(machine, facts):
    """What only the outside knows, for the audit in the guest."""
    ran = machine.run(["sh", "-c", f"umask 077; mkdir -p {os.path.dirname(FACTS)}; cat >{FACTS}"], stdin=json.dumps(facts))
    if not ran.ok:
        raise BootError(f"the template boots, but its login cannot become root by sudo: {ran.complaint}")


def _failed_units(machine):
    ran = machine.run(["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--full"])
    return sorted(line.split()[0] for line in ran.out.splitlines() if line.split())


def _host_keys(machine):
    """The fingerprints of the keys that the guest has."""
    ran = machine.run(["sh", "-c", "for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -l -f \"$key\"; done"])
    return sorted(line.split()[1] for line in ran.out.splitlines() if len(line.split()) > 1)
