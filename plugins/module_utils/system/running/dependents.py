# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What depends on a running service: its clients, what is mounted through it, and the units that require it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import exported, mounted
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import connections, sockets
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

# Filesystems that hang on a service without a connection that it holds itself.
_MOUNTS = {
    "autofs.service": ("autofs",),
    "rpcbind.service": ("nfs",),
    "rpcbind.socket": ("nfs",),
    "rpc-statd.service": ("nfs",),
    "nfs-client.target": ("nfs", "nfs4"),
}
_EXPORTERS = ("nfs-server.service", "nfs-kernel-server.service", "nfs-mountd.service")
_JOBS = {"cups.service": "/var/spool/cups/d[0-9]*"}
_DEPENDENTS = ("RequiredBy", "BoundBy", "RequisiteOf")
_LISTEN = re.compile(r"(\S+):(\d+) \((?:Stream|Datagram)\)", re.A)


class Dependents:
    """What depends on the units that are ``leaving``; systemd is queried once for all of them."""

    def __init__(self, host: Host, leaving: Collection[str]) -> None:
        self.host = host
        self._leaving = set(leaving)
        self._processes = Processes(host)
        self._properties = self._show(leaving)
        self._active = self._active_dependents()

    def need(self, unit: str) -> str:
        """Who needs a unit that is active, in words that follow "it is needed:"; else an empty string."""
        return next((why for why in self._needs(unit) if why), "")

    def _needs(self, unit: str) -> Iterator[str]:
        yield self._connected(unit)
        for mount in mounted(self.host, _MOUNTS.get(unit, ())):
            yield f"{mount.source} is mounted on {mount.where}"
        if unit in _EXPORTERS and exported(self.host):
            yield f"it lends {exported(self.host)[0]} to other machines"
        jobs = self.host.glob(_JOBS[unit]) if unit in _JOBS else []
        yield f"it keeps {len(jobs)} print jobs" if jobs else ""
        dependents = [each for each in self._dependents(unit) if each in self._active]
        yield f"{dependents[0]} needs it" if dependents else ""

    def _connected(self, unit: str) -> str:
        found = sockets(self._processes, self._processes.of(unit))
        for socket in connections(found):
            return f"{_host(socket.peer)} is connected with its port {socket.port}"
        ports = sorted({(socket.port, socket.protocol) for socket in found if socket.public} | self._listens(unit))
        return f"it listens for other machines on {', '.join(f'port {port}/{protocol}' for port, protocol in ports)}" if ports else ""

    def _listens(self, unit: str) -> set[tuple[int, str]]:
        """The ports at which systemd itself waits for clients of a socket unit."""
        listens = [text for name, text in self._properties.get(unit, ()) if name == "Listen"]
        found = (match for text in listens for match in [_LISTEN.match(text)] if match)
        return {
            (int(match[2]), "udp" if "Datagram" in match[0] else "tcp")
            for match in found
            if not ipaddress.ip_address(match[1].strip("[]").partition("%")[0]).is_loopback
        }

    def _dependents(self, unit: str) -> list[str]:
        names = (name for key, text in self._properties.get(unit, ()) if key in _DEPENDENTS for name in words_of(text))
        return [name for name in names if name not in self._leaving]

    def _show(self, units: Collection[str]) -> dict[str, list[tuple[str, str]]]:
        """What systemd says about units, as ``{unit: [(property, text)]}``; a property may come more than once."""
        if not units:
            return {}
        ran = self.host.run(["systemctl", "show", f"--property={','.join(('Listen', *_DEPENDENTS))}", *units])
        if not ran.ok:
            raise RuntimeError(f"systemd does not say who needs a unit: {ran.error}")
        answers = [[line.partition("=") for line in lines_of(text) if "=" in line] for text in ran.out.split("\n\n")]
        return {unit: [(name, value) for name, unused_sign, value in answer] for unit, answer in zip(units, answers)}

    def _active_dependents(self) -> set[str]:
        names = sorted({name for unit in self._properties for name in self._dependents(unit)})
        if not names:
            return set()
        answers = words_of(self.host.run(["systemctl", "is-active", *names]).out)
        return {name for name, answer in zip(names, answers) if answer == "active"}


def _host(address: str) -> str:
    return "this host" if ipaddress.ip_address(address).is_loopback else address
