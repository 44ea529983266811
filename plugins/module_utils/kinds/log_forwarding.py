# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where records go besides this machine, as ``{collector: configured, encryption: tls}``: to be observed, never to be written.

- ``collector``: ``configured`` when rsyslog or the journal sends records to another machine; or a list of those that may get them.
- ``encryption``: ``tls`` when every way there is encrypted.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import rsyslog_conf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Observation, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.systemd_conf import merged
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

CONFIGURED = "configured"
TLS = "tls"
UPLOAD = "systemd-journal-upload.service"


class LogForwarding(Observed):
    name = "log_forwarding"

    def meets(self, name, wanted, value):
        if name == "collector":
            return bool(value) if wanted == CONFIGURED else bool(value) and set(value) <= set(wanted)
        return super().meets(name, wanted, value)

    def check(self, wanted):
        for name, value in wanted.items():
            right = {"collector": value == CONFIGURED or isinstance(value, list), "encryption": value == TLS}
            if not right.get(name):
                raise BadSetting(f"log_forwarding: {name} cannot be {value!r}; collector is {CONFIGURED} or a list, encryption {TLS}")

    def look(self, wanted):
        ways = [*self._rsyslog(), *self._journal()]
        lookers = {"collector": _collector, "encryption": _encryption}
        return {name: lookers[name](ways) for name in wanted}

    def _rsyslog(self):
        """Each way of rsyslog as (machine, is it encrypted, place)."""
        if self.host.packages.installed("rsyslog"):
            found = list(rsyslog_conf.statements(self.host))
            yield from ((each.destination, rsyslog_conf.encrypted(each, found), each.place) for each in found if each.destination)

    def _journal(self):
        """The way of the journal's own uploader, when it is enabled."""
        place, url = merged(self.host, "journal-upload").get("URL", ("", ""))
        if url and Units(self.host, []).state(UPLOAD) == "enabled":
            parts = urlsplit(url if "//" in url else f"https://{url}")
            yield parts.hostname or url, parts.scheme == "https", place


def _collector(ways):
    machines = sorted({machine for machine, unused_tls, unused_place in ways})
    places = ", ".join(place for unused_machine, unused_tls, place in ways)
    message = "" if ways else "records stay on this machine: tell rsyslog or systemd-journal-upload where the log server is"
    return Observation(machines, places or rsyslog_conf.MAIN, message)


def _encryption(ways):
    if not ways:
        return Observation(status=result.NOT_APPLICABLE, message="records stay on this machine")
    plain = [f"{place} sends to {machine} without TLS" for machine, tls, place in ways if not tls]
    return Observation("none" if plain else TLS, ", ".join(place for unused_machine, unused_tls, place in ways), "; ".join(plain))
