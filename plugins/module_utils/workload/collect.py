# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that moves with a host and that it depends on; each part is looked at once, and one that cannot be read hides no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_CHECKED, PASS, Record, record
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import Held, held
from ansible_collections.hygeia.golden.plugins.module_utils.workload import (
    addresses,
    certificates,
    connections,
    jobs,
    licences,
    machine,
    mounts,
    resolvers,
    services,
    time_servers,
    utilisation,
)
from ansible_collections.hygeia.golden.plugins.module_utils.workload.configuration import Configuration, configuration
from ansible_collections.hygeia.golden.plugins.module_utils.workload.directory import directory

CHECK = "workload-"
SCHEMA_VERSION = 1
_FILES = "files of configuration"
_Value = TypeVar("_Value")


class Workload:
    """One look at a host; ``records`` says of each part whether it was read."""

    def __init__(self, host: Host, days: int = 7, now: datetime | None = None) -> None:
        self.host, self.days = host, days
        self.now = now or datetime.now(timezone.utc)
        self.records: list[Record] = []
        self._processes = Processes(host)

    def collect(self) -> dict[str, Any]:
        nothing: list[Any] = []
        found = self._part("machine", "/proc and /sys", lambda: machine.described(self.host), dict[str, Any]())
        found["addresses"], found["macs"] = self._addresses()
        sockets = self._part("connections", "/proc/PID/net", lambda: held(self._processes), nothing, self._nameless)
        files = self._part("configuration", _FILES, lambda: configuration(self.host), Configuration(), lambda each: each.left_out)
        moment = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        flows = connections.flows(sockets, found["addresses"], found.get("dns_name") or found.get("name") or "localhost")
        names = self._part("resolvers", "/etc/resolv.conf", lambda: resolvers.resolvers(self.host), dict[str, list[Any]]())
        return {
            "schema_version": SCHEMA_VERSION,
            "observed": moment,
            "machine": found,
            "flows": [{**flow, "last": moment} for flow in flows],
            "listeners": connections.listeners(sockets),
            "services": self._list("services", "processes and packages", lambda: services.services(self.host, self._processes, sockets)),
            "mounts": self._list("mounts", "/proc/mounts, /etc/fstab", lambda: mounts.mounts(self.host)),
            "exports": self._list("exports", "/var/lib/nfs/etab", lambda: mounts.exports(self.host)),
            "resolvers": names,
            "time_servers": self._list("time-servers", "chrony, ntp, timesyncd", lambda: time_servers.time_servers(self.host)),
            "directory": self._list("directory", "sssd, Kerberos, Samba, LDAP", lambda: directory(self.host)),
            "jobs": self._list("jobs", "cron and timers", lambda: jobs.jobs(self.host)),
            "certificates": self._list("certificates", _FILES, lambda: certificates.certificates(files.files)),
            "licence_servers": self._list("licence-servers", _FILES, lambda: licences.licence_servers(files.files)),
            "hard_wired": self._hard_wired(files, found["addresses"]),
            "samples": self._samples(),
        }

    def _list(self, name: str, read_from: str, look: Callable[[], list[Any]]) -> list[Any]:
        nothing: list[Any] = []
        return self._part(name, read_from, look, nothing)

    def _part(
        self, name: str, read_from: str, look: Callable[[], _Value], otherwise: _Value, missing: Callable[[_Value], str] = lambda unused: ""
    ) -> _Value:
        """What a look finds. An odd file or line is one record, and of that part nothing else is known."""
        try:
            value = look()
        except (OSError, RuntimeError, ValueError, IndexError) as problem:
            self._note(name, f"{problem}; what is there was not read", read_from)
            return otherwise
        self._note(name, missing(value), read_from, len(value) if isinstance(value, list) else None)
        return value

    def _note(self, name: str, message: str, read_from: str, count: int | None = None) -> None:
        observed = None if count is None else {"entries": count}
        self.records.append(record(CHECK + name, NOT_CHECKED if message else PASS, "live", None, observed, read_from, message))

    def _addresses(self) -> tuple[list[str], list[str]]:
        try:
            found = machine.addresses(self.host)
        except (machine.NoAddresses, KeyError, TypeError, AttributeError) as problem:
            self._note("addresses", f"ip does not tell the addresses of this host ({problem}); install iproute2", "ip address")
            return [], []
        self._note("addresses", "", "ip address", len(found[0]))
        return found

    def _nameless(self, unused_sockets: list[Held]) -> str:
        """Without root only one's own processes show their programs and sockets; a thread of the kernel has no command line either."""
        hidden = [process for process in self._processes.all if not process.program and self._command(process.number)]
        return f"{len(hidden)} processes do not show which sockets they hold, such as {hidden[0]}: run this as root" if hidden else ""

    def _command(self, number: int) -> str:
        try:
            return self.host.read(f"/proc/{number}/cmdline") or ""
        except OSError:
            return ""  # it has just ended

    def _hard_wired(self, files: Configuration, own: list[str]) -> list[dict[str, Any]]:
        found, whole = addresses.hard_wired(files.files, own)
        self._note("hard-wired", "" if whole else f"only the first {len(found)} addresses are listed", _FILES, len(found))
        return found

    def _samples(self) -> list[dict[str, Any]]:
        try:
            found = utilisation.samples(self.host, self.days)
        except (utilisation.NotMeasured, OSError, AttributeError, TypeError) as problem:
            self._note("utilisation", str(problem), "sadf -j")
            return []
        self._note("utilisation", "", "sadf -j", len(found))
        return found
