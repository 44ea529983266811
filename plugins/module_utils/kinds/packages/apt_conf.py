# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of apt, as ``{APT::Get::AllowUnauthenticated: "false"}`` (apt.conf(5))."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import DropIn, Observation, Observations, Plan, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

DIRECTORY = "/etc/apt/apt.conf.d"
MAIN = "/etc/apt/apt.conf"
_LINE = re.compile(r'^([\w:/.-]+) "(.*)";$', re.M | re.A)
_TRUE = ("yes", "true", "with", "on", "enable", "1")
_FALSE = ("no", "false", "without", "off", "disable", "0")


class AptConf(DropIn):
    name = "apt_conf"
    # Files are read in the order of their names and the last one wins; the main file comes after all of them.
    path = f"{DIRECTORY}/zz-hygeia"

    def absent(self) -> str:
        return "" if self.host.which("apt-config") else "apt is not installed"

    def parse(self, text: str) -> dict[str, str]:
        return dict(_LINE.findall(text))

    def render(self, settings: Mapping[str, str]) -> str:
        return "// Written by hygeia.golden from the host's profile; edits here are replaced.\n" + "".join(
            f'{name} "{value}";\n' for name, value in sorted(settings.items())
        )

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        for name, value in wanted.items():
            if not re.fullmatch(r"[\w-]+(::[\w/.-]+)+", name, re.A) or '"' in self.plain(value):
                raise BadSetting(f"apt_conf {name}: a name such as APT::Get::AllowUnauthenticated and a value without quotes are expected")
        return super().plan(wanted, partial)

    def observe(self, wanted: Settings) -> Observations:
        ran = self.host.run(["apt-config", "dump"])
        if not ran.ok:
            return unobserved(wanted, result.ERROR, f"apt does not accept its own configuration: {ran.error}")
        # apt takes no notice of upper and lower case in names.
        found = {name.lower(): value for name, value in _LINE.findall(ran.out)}
        return {name: self._observation(name, value, found.get(name.lower())) for name, value in wanted.items()}

    def _observation(self, name: str, wanted: Value, value: Value) -> Observation:
        message = ""
        if value is None:
            message = f"nothing sets {name}"
        elif not self.satisfies(name, wanted, value):
            culprits = [path for path in self._later() if name.rpartition("::")[2].lower() in (self.host.read(path) or "").lower()]
            message = f"{culprits[-1]} speaks of it and is read after {self.path}" if culprits else ""
        return Observation(value, "apt-config dump", message)

    def _later(self) -> list[str]:
        """The files that are read after ours."""
        names = [path for path in self.host.regular(f"{DIRECTORY}/*") if re.fullmatch(r"[\w-]+(\.conf)?", path.rpartition("/")[2], re.A)]
        return [path for path in names if path > self.path] + ([MAIN] if self.host.exists(MAIN) else [])

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return value is not None and _boolean(self.plain(wanted)) == _boolean(value)


def _boolean(value: str) -> bool | str:
    """One spelling for the words that apt takes for true and false; other values are themselves."""
    word = value.lower()
    return True if word in _TRUE else False if word in _FALSE else value
