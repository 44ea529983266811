# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How chrony keeps the clock, as ``{sources: some, user: _chrony}`` (chrony.conf(5)): only observed.

``sources`` may be a list of the servers and pools that are trusted.
"""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Observation, Observed, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

CONFIGURATIONS = ("/etc/chrony/chrony.conf", "/etc/chrony.conf")
SOURCES = ("server", "pool", "peer", "refclock")
BUILT_IN_USER = "_chrony"


class Chrony(Observed):
    name = "chrony"

    def absent(self):
        return "" if self.host.which("chronyd") else "chrony is not installed"

    def meets(self, name, wanted, value):
        """A list names the sources that are trusted; there must be one."""
        if name == "sources":
            return bool(value) and (wanted == "some" or set(value) <= set(wanted))
        return super().meets(name, wanted, value)

    def check(self, wanted):
        for name, value in wanted.items():
            right = isinstance(value, str) and (name == "user" or value == "some") or name == "sources" and isinstance(value, list)
            if name not in ("sources", "user") or not right:
                raise BadSetting(f"chrony {name}: use sources with some or a list, or user with a name")

    def look(self, wanted):
        path = next(filter(self.host.exists, CONFIGURATIONS), CONFIGURATIONS[0])
        # It prints all files that it reads, one directive a line, and ends.
        ran = self.host.run(["chronyd", "-p", "-f", path])
        if not ran.ok:
            return unobserved(wanted, result.ERROR, f"chrony does not accept its own configuration: {ran.complaint}")
        directives = [line.split() for line in ran.out.splitlines() if line.strip()]
        lookers = {"sources": _sources, "user": _user}
        return {name: lookers[name](directives) for name in wanted}


def _sources(directives):
    found = sorted({words[1] for words in directives if words[0].lower() in SOURCES and len(words) > 1})
    return Observation(found, "chronyd -p", "" if found else "chrony has nobody to ask for the time")


def _user(directives):
    """The last one counts; without one it is what the distribution built in."""
    named = [words[1] for words in directives if words[0].lower() == "user" and len(words) > 1]
    return Observation(named[-1] if named else BUILT_IN_USER, "chronyd -p")
