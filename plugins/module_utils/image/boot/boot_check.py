# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The boot check: a closed session's template runs for a while in throwaway overlays over the session's own.

They get a user with a key, start in QEMU with their own boot loader, and are
thrown away. Nothing of them reaches the session's overlays, which are backing
files here and no more.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import accelerator, guest, hardware, qemu
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import console as boot_console
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import firmware as boot_firmware
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import login as boot_login
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.opened import opened
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import owner
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import Walls
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.system_state import FACTS, host_keys
from ansible_collections.hygeia.golden.plugins.module_utils.system import units
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import MATRIX, SECURE_BOOT, VIRTIO

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import passphrase
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

AUTO = "auto"
# Four bytes of attributes, and then whether signatures are looked at (UEFI 3.3).
_SECURE_BOOT_VARIABLE = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
# systemd has come to its end, one way or the other (systemctl(1)).
SETTLED = ("running", "degraded", "maintenance")


class BootError(ImageError):
    """The template did not come up: a finding about the template, not a problem of the build host."""

    console: Sequence[str] = ()


@dataclass(frozen=True)
class BootRequest:
    """How the guest is to be run; times in seconds."""

    memory: int = 1024
    cpus: int = 2
    accelerator: str = AUTO
    firmware: str = AUTO
    boot_limit: int = 300
    settle_limit: int = 300
    shutdown_limit: int = 60
    lifetime: int = 3600
    hardware: str = ""


def start(session: SessionState, request: BootRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Boot a closed session's template and lead its script into the guest; what came of it, and what was brought into it."""
    guest.require_tools()
    if request.hardware:
        hardware.require(MATRIX[request.hardware], qemu.program())
    with session.acting("closed"):
        session.require_key()
        machine = guest.Guest(session, boot_login.drawn())
        if machine.alive:
            raise ImageError(f"the session {session.name} has a guest already: stop it first")
        try:
            return _started(machine, request)
        except BaseException as problem:
            if isinstance(problem, BootError):
                problem.console = boot_console.tail(machine.console)
            machine.stop(0)
            raise


def stop(session: SessionState, request: BootRequest) -> bool | None:
    """Shut the guest down and remove everything of it; None when there was none, else whether it shut down by itself."""
    if session.state != "closed":
        return None
    with session.acting("closed"):
        machine = guest.Guest(session)
        if not session.journal.get("guest"):
            return None
        return machine.stop(request.shutdown_limit)


def _started(machine: guest.Guest, request: BootRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    machine.make()
    prepared, way, keys, brought = _prepare(machine, request)
    typist = machine.typist()
    began = time.monotonic()
    machine.start(prepared, way.port, owner(), request.lifetime, request.shutdown_limit)
    _wait_for_login(machine, began + request.boot_limit, typist)
    seconds = round(time.monotonic() - began, 1)
    machine.write_enter()
    if prepared.firmware == SECURE_BOOT:
        _require_secure_boot(machine)
    state = _settle(machine, request.settle_limit)
    facts = {"login": "publickey", "user": machine.user, "seconds": seconds, "template_host_keys": keys}
    _leave_word(machine, facts)
    found = {
        "accelerator": prepared.accelerator,
        "firmware": prepared.firmware,
        "seconds": seconds,
        "system_state": state,
        "failed_units": units.failed_units(machine.run(units.FAILED_UNITS).out),
        "host_keys": _host_keys(machine),
        "template_host_keys": keys,
    }
    return found, brought


def _prepare(machine: guest.Guest, request: BootRequest) -> tuple[qemu.Machine, boot_login.SshAccess, list[str], dict[str, Any]]:
    """Look into the throwaway overlay, add the login, and take out what must start from outside."""
    session, devices = machine.session, MATRIX.get(request.hardware, VIRTIO)
    disk, *further = machine.overlays
    walls = Walls(session.journal["isolation"])
    with opened(disk, os.path.dirname(session.directory), session.limits, walls, further, session.key) as image:
        way = boot_login.ssh_access(image.host, machine.user)
        brought = boot_login.add(image.host, way, machine.user, machine.make_key(way.key_type))
        firmware = devices.firmware or (request.firmware if request.firmware != AUTO else boot_firmware.of(image.disk))
        firmware = hardware.started_by(devices, firmware)
        kernel = _take_kernel(machine, image.host)
        keys = sorted(host_keys(image.host))
    if firmware == boot_firmware.DIRECT and not kernel:
        raise BootError("the template has no kernel in /boot, so that nothing can start it")
    chosen = request.accelerator
    if chosen == AUTO:
        chosen = accelerator.choose(kernel["kernel"], qemu.program()) if kernel else accelerator.TCG
    direct = kernel if firmware == boot_firmware.DIRECT else {}
    drawn = qemu.Machine(tuple(machine.overlays), chosen, firmware, request.memory, request.cpus, **direct, hardware=devices)
    return drawn, way, keys, brought


def _take_kernel(machine: guest.Guest, host: Host) -> dict[str, str]:
    """Copies of the newest kernel and its initramfs on the build host's side."""
    found = boot_firmware.kernel(host)
    if found is None:
        return {}
    shutil.copyfile(host.path(found.image), machine.path("kernel"))
    if found.initramfs:
        shutil.copyfile(host.path(found.initramfs), machine.path("initramfs"))
    initramfs = machine.path("initramfs") if found.initramfs else ""
    return {"kernel": machine.path("kernel"), "initramfs": initramfs, "words": f"{found.words} console=ttyS0"}


def _wait_for_login(machine: guest.Guest, end: float, typist: passphrase.Typist | None = None) -> None:
    """Until an SSH login works; a boot that has come to a dead end is not waited for."""
    while True:
        _require_hope(machine)
        if typist:
            typist.look()
        if machine.greets():
            ran = machine.log_in(max(end - time.monotonic(), 1))
            if ran.ok:
                return
            error = f"; ssh says: {ran.error}"
        else:
            error = ""
        if time.monotonic() > end:
            raise BootError(_too_late(machine, error))
        time.sleep(0.25)


def _require_hope(machine: guest.Guest) -> None:
    said = boot_console.end(machine.console)
    if said:
        raise BootError(f"the template does not boot; its console says: {said}")
    if not machine.alive:
        last = boot_console.last(machine.console)
        raise (
            BootError(f"the guest ended while it booted; its console said last: {last}")
            if last
            else ImageError(f"qemu ended at once: {machine.error()}")
        )


def _too_late(machine: guest.Guest, error: str) -> str:
    said = boot_console.last(machine.console) or "nothing"
    if boot_console.at_prompt(machine.console):
        return (
            "the template boots to its login prompt, but no SSH login was possible in time: check that its network is configured by DHCP on"
            f" any interface, and does its sshd start{error}"
        )
    return f"the template did not boot to an SSH login in time; its console says last: {said}{error}"


def _require_secure_boot(machine: guest.Guest) -> None:
    """That the system came up says nothing where its firmware was not asked to look at signatures; the last byte says it."""
    ran = machine.run(["od", "-An", "-tu1", "-j4", f"/sys/firmware/efi/efivars/{_SECURE_BOOT_VARIABLE}"])
    if ran.out.strip() != "1":
        raise ImageError(f"the firmware of the build host did not enforce Secure Boot ({ran.out.strip() or ran.error}): install ovmf anew")


def _settle(machine: guest.Guest, limit: int) -> str:
    """Wait until systemd has started everything; its state then, or the last one within the limit."""
    ran = machine.run(["timeout", str(limit), "systemctl", "is-system-running", "--wait"], timeout=limit + 30)
    state = ran.out.strip()
    if state in SETTLED:
        return state
    return machine.run(["systemctl", "is-system-running"]).out.strip() or f"unknown ({ran.error})"


def _leave_word(machine: guest.Guest, facts: dict[str, Any]) -> None:
    """What only the outside knows, for the audit in the guest."""
    ran = machine.run(["sh", "-c", f"umask 077; mkdir -p {os.path.dirname(FACTS)}; cat >{FACTS}"], stdin=json.dumps(facts))
    if not ran.ok:
        raise BootError(f"the template boots, but its login cannot become root by sudo: {ran.error}")


def _host_keys(machine: guest.Guest) -> list[str]:
    """The fingerprints of the keys that the guest has."""
    ran = machine.run(["sh", "-c", 'for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -l -f "$key"; done'])
    return sorted(line.split()[1] for line in ran.out.splitlines() if len(line.split()) > 1)
