# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a running system is doing, as ``{failed_units: [], listening_ports: [22/tcp]}``: to be observed, never to be written.

- ``startup``: ``finished`` once systemd has started everything that it is to start.
- ``failed_units``: those that may have failed. One that only could not fetch something in the boot check, which has
  no network, is not judged (``first_start``).
- ``listening_ports``: those that may be open to other machines, each as ``NUMBER/tcp`` or ``NUMBER/udp``.
- ``mail_ports``: those of them that take mail.
- ``ssh_login``: ``publickey`` when the boot check logged in from outside.
- ``ssh_host_keys``: ``new`` when the system made its own, so that no two clones of a template share them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import json
import re
from collections.abc import Callable, Collection
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system import units
from ansible_collections.hygeia.golden.plugins.module_utils.system.first_start import FETCHES
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

# What only the outside of a booted template knows; the boot check leaves it here.
FACTS = "/run/hygeia/boot.json"
STARTUP = {"running": "finished", "degraded": "finished"}
KEYS = "/etc/ssh/ssh_host_*_key.pub"
MAIL_PORTS = ("25/tcp", "465/tcp", "587/tcp")

_PROCESS = re.compile(r'"([^"]+)",pid=')


class SystemState(Observed):
    name = "system_state"
    names = ("startup", "failed_units", "listening_ports", "mail_ports", "ssh_login", "ssh_host_keys")

    def absent(self) -> str:
        return "" if self.host.booted else "nothing runs here"

    def inspect(self, wanted: Settings) -> Observations:
        lookers: dict[str, Callable[[Value], Observation]] = {
            "startup": self._startup,
            "failed_units": self._failed_units,
            "listening_ports": self._listening_ports,
            "mail_ports": self._mail_ports,
            "ssh_login": self._ssh_login,
            "ssh_host_keys": self._ssh_host_keys,
        }
        return {name: lookers[name](value) for name, value in wanted.items()}

    # -- systemd ----------------------------------------------------------------

    def _startup(self, unused_wanted: Value) -> Observation:
        ran = self.host.run(["systemctl", "is-system-running"])
        state = ran.out.strip(BLANKS)
        if not state:
            return Observation(status=result.ERROR, message=f"systemd cannot be asked how it is: {ran.error}")
        return Observation(
            STARTUP.get(state, state), "systemctl is-system-running", f"systemd says {state}" if state not in STARTUP else ""
        )

    def _failed_units(self, tolerated: list[str]) -> Observation:
        ran = self.host.run(units.FAILED_UNITS)
        if not ran.ok:
            return Observation(status=result.ERROR, message=f"systemd cannot be asked for failed units: {ran.error}")
        found = units.failed_units(ran.out)
        failed = [unit for unit in found if unit not in tolerated]
        cut_off = [unit for unit in failed if self._cut_off(unit)]
        if failed and failed == cut_off:
            why = "; ".join(f"{unit} could not fetch {FETCHES[unit].what}, since the boot check has no network" for unit in failed)
            return Observation(found, status=result.NOT_CHECKED, message=why)
        problems = [f"{unit} failed ({self._shown(unit, 'Result')})" for unit in failed if unit not in cut_off]
        return Observation(found, "systemctl list-units --state=failed", "; ".join(problems))

    def _cut_off(self, unit: str) -> bool:
        """Did a unit fail because the boot check's guest reaches nothing, by the exit code that its program documents for that?"""
        fetch = FETCHES.get(unit)
        return bool(fetch and self._facts() and self._shown(unit, "ExecMainStatus") in fetch.unreachable)

    def _shown(self, unit: str, name: str) -> str:
        ran = self.host.run(["systemctl", "show", f"--property={name}", "--value", unit])
        return ran.out.strip(BLANKS) or "for an unknown reason"

    # -- ports --------------------------------------------------------------------

    def _mail_ports(self, tolerated: list[str]) -> Observation:
        return self._listening_ports(tolerated, MAIL_PORTS)

    def _listening_ports(self, tolerated: list[str], among: Collection[str] = ()) -> Observation:
        ran = self.host.run(["ss", "-H", "-tulpn"])
        if not ran.ok:
            return Observation(status=result.ERROR, message=f"open ports cannot be listed: {ran.error}")
        found: dict[str, set[str]] = {}
        for port, program in filter(None, map(_listener, lines_of(ran.out))):
            if among and port not in among:
                continue
            found.setdefault(port, set()).update([program] if program else [])
        ports = sorted(found, key=lambda port: (port.partition("/")[2], int(port.partition("/")[0])))
        problems = [f"{' and '.join(sorted(found[port])) or 'the kernel'} listens on {port}" for port in ports if port not in tolerated]
        return Observation(ports, "ss -H -tulpn", "; ".join(problems))

    # -- the boot check -------------------------------------------------------------

    def _ssh_login(self, unused_wanted: Value) -> Observation:
        facts = self._facts()
        if not facts:
            return _not_booted()
        return Observation(facts["login"], FACTS, f"logged in as {facts['user']}, the check's own account, after {facts['seconds']:.0f} s")

    def _ssh_host_keys(self, unused_wanted: Value) -> Observation:
        facts = self._facts()
        if not facts:
            return _not_booted()
        here = host_keys(self.host)
        if not here:
            return Observation("none", KEYS, "the system has no SSH host key")
        shared = sorted(set(here) & set(facts["template_host_keys"]))
        if shared:
            return Observation(
                "the template's", here[shared[0]], f"{here[shared[0]]} is in the template, so that every clone has the same key"
            )
        return Observation("new", " and ".join(sorted(here.values())))

    def _facts(self) -> dict[str, Any]:
        return json.loads(self.host.read(FACTS) or "{}")


def host_keys(host: Host) -> dict[str, str]:
    """The SSH host keys that a system has on disk, as ``{fingerprint: path}``."""
    found = {}
    for path in host.files(KEYS):
        fields = words_of(host.read(path) or "")
        try:
            blob = base64.b64decode(fields[1], validate=True)
        except (IndexError, binascii.Error):
            continue
        found["SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")] = path
    return found


def _not_booted() -> Observation:
    return Observation(status=result.NOT_APPLICABLE, message="the boot check did not boot this system")


def _listener(line: str) -> tuple[str, str] | None:
    """A line of ss as (port, program), or None when only this machine can reach it."""
    fields = words_of(line, 6)
    protocol, (address, unused_colon, port) = fields[0], fields[4].rpartition(":")
    address = address.partition("%")[0].strip("[]")
    if address != "*" and ipaddress.ip_address(address).is_loopback:
        return None
    program = _PROCESS.search(fields[6]) if len(fields) > 6 else None
    return f"{port}/{protocol}", program[1] if program else ""
