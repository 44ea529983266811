# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a running host still executes although it was replaced: services, other processes, and the kernel.

needrestart(1) is asked where it is installed, since it knows scripts and
containers too; else the files that processes have mapped are looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, NOT_CHECKED, PASS, Record, record
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.system import units
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
    from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Process

NEEDRESTART = "needrestart"
PROCESSES = "processes"
REQUIRED = "/run/reboot-required"

# Where packages put what is executed; what is deleted elsewhere was a temporary file.
_CODE = re.compile(r"/(?:usr|lib\w*|bin|sbin|opt)/", re.A)
_GONE = " (deleted)"
_FIRST = "init.scope"


@dataclass(frozen=True)
class Restarts:
    """Units that run replaced code, the processes outside of them that do, and why a reboot is needed."""

    services: tuple[str, ...] = ()
    manager: bool = False
    processes: tuple[str, ...] = ()
    reboot: tuple[str, ...] = ()
    asked: str = PROCESSES

    def result(self) -> dict[str, Any]:
        """As a module returns it."""
        return {
            "services": list(self.services),
            "manager": self.manager,
            "processes": list(self.processes),
            "reboot": list(self.reboot),
            "source": self.asked,
        }


def find(host: Host) -> Restarts:
    """What has to be started again; nothing where nothing runs."""
    if not host.booted:
        return Restarts()
    found = _by_needrestart(host) if host.which(NEEDRESTART) else None
    return found or _seen(host)


def _by_needrestart(host: Host) -> Restarts | None:
    """What needrestart says in its batch mode, or None when it cannot."""
    ran = host.run([NEEDRESTART, "-b", "-r", "l"])
    pairs = [line.split(": ", 1) for line in lines_of(ran.out) if ": " in line]
    if not ran.ok or not pairs:
        return None
    said = {key: [value for name, value in pairs if name == f"NEEDRESTART-{key}"] for key in ("SVC", "SESS", "CONT")}
    seen = _seen(host)
    return Restarts(tuple(sorted(said["SVC"])), seen.manager, tuple(said["SESS"] + said["CONT"]), seen.reboot, NEEDRESTART)


def _seen(host: Host) -> Restarts:
    """What the files that processes have mapped say."""
    processes = Processes(host)
    old = [process for process in processes.all if process.program and process.number != os.getpid() and _replaced(host, process)]
    services = {process.unit for process in old if process.unit.endswith(".service")}
    others = [str(process) for process in old if not process.unit.endswith((".service", _FIRST))]
    return Restarts(tuple(sorted(services)), any(process.number == 1 for process in old), tuple(others), tuple(_reboot(host)))


def _replaced(host: Host, process: Process) -> bool:
    """Does a process execute a file that is no longer there?"""
    try:
        for line in host.lines(f"/proc/{process.number}/maps", PROGRAM):
            fields = words_of(line, 5)
            if len(fields) == 6 and "x" in fields[1] and fields[5].endswith(_GONE) and _CODE.match(fields[5]):
                return True
    except OSError:
        pass  # it has just ended
    return False


def _reboot(host: Host) -> Iterator[str]:
    """Why only a reboot helps, each reason in a sentence."""
    installed = kernels.versions(host) if host.kernel else []
    running = kernels.running(host)
    if installed and running and installed[-1] != running:
        yield f"kernel {running} runs and {installed[-1]} is installed"
    if host.exists(REQUIRED):
        wanting = ", ".join(dict.fromkeys(host.lines(REQUIRED + ".pkgs"))) or "a package"
        yield f"{wanting} asks for it in {REQUIRED}"


def failed_units(host: Host) -> list[str]:
    """The units that have failed; none where systemd does not run."""
    if not host.booted:
        return []
    return units.failed_units(host.run(units.FAILED_UNITS).out)


def records(host: Host, found: Restarts, failed: list[str]) -> list[Record]:
    """What the checks after a patch say; ``failed`` are the units that have failed since."""
    checks = {
        "patch-services-current": (
            found.asked,
            [*found.services, *(["systemd"] if found.manager else [])],
            " run replaced code: start them again, or reboot",
        ),
        "patch-kernel-current": ("/boot", list(found.reboot), ": reboot"),
        "patch-units-kept": ("systemctl list-units", failed, " have failed since: see journalctl of each"),
    }
    if not host.booted:
        return [record(check, NOT_CHECKED, "offline", message="this can be checked only on a running system") for check in checks]
    return [
        record(check, FAIL if wrong else PASS, "live", [], wrong, source, f"{', '.join(wrong)}{advice}" if wrong else "")
        for check, (source, wrong, advice) in checks.items()
    ]
