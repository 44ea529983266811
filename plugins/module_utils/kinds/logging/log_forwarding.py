# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where records go besides this machine, as ``{collector: configured, encryption: tls}``: to be observed, never to be written.

- ``collector``: ``configured`` when rsyslog or the journal sends records to another machine; or a list of those that may get them.
- ``encryption``: ``tls`` when every way there is encrypted.
- ``loggers``: ``one`` when no second program beside the journal keeps records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.systemd_conf import merged
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system import rsyslog_conf
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

CONFIGURED = "configured"
TLS = "tls"
ONE = "one"
# What else keeps records where it is on, by the programs that distributions have.
LOGGERS = tuple(f"{name}.service" for name in ("rsyslog", "syslog-ng", "sysklogd", "inetutils-syslogd", "busybox-syslogd", "metalog"))
UPLOAD = "systemd-journal-upload.service"


# A machine that records go to, whether they are encrypted on the way, and the place that says so.
_Way = tuple[str, bool, str]


class LogForwarding(Observed):
    name = "log_forwarding"

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if name == "collector":
            return bool(value) if wanted == CONFIGURED else bool(value) and set(value) <= set(wanted)
        return len(value) <= 1 if name == "loggers" else super().satisfies(name, wanted, value)

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            right = {"collector": value == CONFIGURED or isinstance(value, list), "encryption": value == TLS, "loggers": value == ONE}
            if not right.get(name):
                known = f"collector is {CONFIGURED} or a list, encryption {TLS}, loggers {ONE}"
                raise BadSetting(f"log_forwarding: {name} cannot be {value!r}; {known}")

    def inspect(self, wanted: Settings) -> Observations:
        ways = [*self._rsyslog(), *self._journal()]
        lookers: dict[str, Callable[[list[_Way]], Observation]] = {
            "collector": _collector,
            "encryption": _encryption,
            "loggers": self._loggers,
        }
        return {name: lookers[name](ways) for name in wanted}

    def _loggers(self, unused_ways: list[_Way]) -> Observation:
        units = Units(self.host, [])
        found = [unit for unit in LOGGERS if units.state(units.real(unit)) == "enabled"]
        message = f"{' and '.join(found)} all keep what is logged, so nobody knows which record is whole" if len(found) > 1 else ""
        return Observation(found, units.source, message)

    def _rsyslog(self) -> Iterator[_Way]:
        """Each way of rsyslog as (machine, is it encrypted, place)."""
        if self.host.packages.installed("rsyslog"):
            found = list(rsyslog_conf.statements(self.host))
            yield from ((each.destination, rsyslog_conf.encrypted(each, found), each.place) for each in found if each.destination)

    def _journal(self) -> Iterator[_Way]:
        """The way of the journal's own uploader, when it is enabled."""
        place, url = merged(self.host, "journal-upload").get("URL", ("", ""))
        if url and Units(self.host, []).state(UPLOAD) == "enabled":
            parts = urlsplit(url if "//" in url else f"https://{url}")
            yield parts.hostname or url, parts.scheme == "https", place


def _collector(ways: list[_Way]) -> Observation:
    machines = sorted({machine for machine, unused_tls, unused_place in ways})
    places = ", ".join(place for unused_machine, unused_tls, place in ways)
    message = "" if ways else "records stay on this machine: tell rsyslog or systemd-journal-upload where the log server is"
    return Observation(machines, places or rsyslog_conf.MAIN, message)


def _encryption(ways: list[_Way]) -> Observation:
    if not ways:
        return Observation(status=result.NOT_APPLICABLE, message="records stay on this machine")
    plain = [f"{place} sends to {machine} without TLS" for machine, tls, place in ways if not tls]
    return Observation("none" if plain else TLS, ", ".join(place for unused_machine, unused_tls, place in ways), "; ".join(plain))
