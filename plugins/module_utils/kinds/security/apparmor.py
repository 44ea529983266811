# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AppArmor makes of its profiles (apparmor(7)), as ``{enabled: true, complaining: []}``: to be observed, never to be written.

- ``enabled``: whether the running kernel has it on.
- ``profiles``: ``loaded`` when there are profiles that confine or watch programs.
- ``complaining``: profiles that only report what their programs should not do.
- ``disabled``: files of profiles that are switched off.

A list names what is tolerated. A profile that only names a program, in the mode unconfined, counts for nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

DIRECTORY = "/etc/apparmor.d"
SWITCH = "/sys/module/apparmor/parameters/enabled"
LOADED = "/sys/kernel/security/apparmor/profiles"
ENFORCE, COMPLAIN, UNCONFINED = "enforce", "complain", "unconfined"
NAMES = {"enabled": bool, "profiles": str, "complaining": list, "disabled": list}

# The head of a profile that lies in no other: its name, what else it says, and its flags.
_HEAD = re.compile(r'^(?:profile\s+)?("[^"]+"|[\w/@{][^\s"]*)([^\n#]*?)(?:(?:flags\s*=\s*)?\(([^)\n]*)\))?\s*\{\s*(?:#.*)?$', re.M | re.A)
_NO_PROFILE = re.compile(r"(\.dpkg-\w+|\.rpm\w+|\.orig|\.rej|~)$|^README", re.A)


class AppArmor(Observed):
    name = "apparmor"

    def absent(self) -> str:
        if self.host.container:
            return "the kernel, and with it what confines programs, belongs to the machine under this container"
        return "" if self.host.exists(DIRECTORY) else "AppArmor is not installed"

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            if not isinstance(value, NAMES.get(name, ())) or (name == "profiles" and value != "loaded"):
                raise BadSetting(f"apparmor {name}: use enabled: true, profiles: loaded, or complaining or disabled with a list")

    def inspect(self, wanted: Settings) -> Observations:
        place, modes = self._modes()
        lookers = {
            "enabled": self._enabled,
            "profiles": lambda: _loaded(place, modes),
            "complaining": lambda: _complaining(place, modes),
            "disabled": self._disabled,
        }
        return {name: lookers[name]() for name in wanted}

    def _enabled(self) -> Observation:
        if not self.host.kernel:
            return Observation(status=result.NOT_APPLICABLE, message="only a running kernel has AppArmor on or off")
        on = (self.host.read(SWITCH) or "").strip(BLANKS) == "Y"
        return Observation(on, SWITCH, "" if on else "the running kernel does not confine programs: boot it with apparmor=1")

    def _disabled(self) -> Observation:
        names = sorted(path.rpartition("/")[2] for path in self.host.glob(f"{DIRECTORY}/disable/*"))
        return Observation(names, f"{DIRECTORY}/disable", "; ".join(f"the profile {name} is switched off" for name in names))

    def _modes(self) -> tuple[str, dict[str, str]]:
        """The mode of each profile: in the running kernel, else as the next boot will load it."""
        if self.host.kernel:
            lines = (line.rpartition(" (") for line in self.host.lines(LOADED))
            return LOADED, {name: mode.rstrip(")") for name, unused_bracket, mode in lines if name}
        off = {path.rpartition("/")[2] for path in self.host.glob(f"{DIRECTORY}/disable/*")}
        lenient = {path.rpartition("/")[2] for path in self.host.glob(f"{DIRECTORY}/force-complain/*")}
        modes: dict[str, str] = {}
        for path in self.host.files(f"{DIRECTORY}/*"):
            file = path.rpartition("/")[2]
            if file not in off and not _NO_PROFILE.search(file):
                modes.update(_profiles(self.host.read(path) or "", file in lenient))
        return DIRECTORY, modes


def _profiles(text: str, lenient: bool) -> Iterator[tuple[str, str]]:
    """The profiles that a file defines, with their modes."""
    for head in _HEAD.finditer(text):
        flags = re.split(r"[\s,]+", head[3] or "", flags=re.A)
        mode = next((flag for flag in (COMPLAIN, UNCONFINED) if flag in flags), ENFORCE)
        yield head[1].strip('"'), COMPLAIN if lenient else mode


def _loaded(place: str, modes: Mapping[str, str]) -> Observation:
    working = [name for name, mode in modes.items() if mode != UNCONFINED]
    return Observation("loaded" if working else "none", place, "" if working else "no profile confines or watches a program")


def _complaining(place: str, modes: Mapping[str, str]) -> Observation:
    names = sorted(name for name, mode in modes.items() if mode not in (ENFORCE, UNCONFINED))
    return Observation(names, place, f"{len(names)} of {len(modes)} profiles only report: {', '.join(names)}" if names else "")
