# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What pam_limits allows a session, as ``{hard core: 0, hard maxlogins: 10}``: for everybody whom no line names (limits.conf(5))."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, DropIn, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import at_most
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import Files, PendingFiles
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

MAIN = "/etc/security/limits.conf"
DIRECTORY = "/etc/security/limits.d"

_NAME = re.compile(r"(hard|soft) ([a-z]+)")
_UNLIMITED = ("unlimited", "infinity", "-1")
# What follows a number says nothing; a line without one is passed over.
_VALUE = re.compile(rf"(?:{'|'.join(_UNLIMITED)})\Z|-?[0-9]+")


class LoginLimits(DropIn):
    name = "login_limits"
    # The last one of its directory to be read; of two lines for the same people the later one wins.
    path = f"{DIRECTORY}/zz-hygeia.conf"

    def absent(self) -> str:
        return "" if self.host.exists("/etc/pam.d") else "there is no PAM whose sessions could be limited"

    def parse(self, text: str) -> dict[str, str]:
        return dict(re.findall(r"^\* ((?:hard|soft) [a-z]+) (\S+)$", text, re.M | re.A))

    def render(self, settings: Mapping[str, str]) -> str:
        return NOTICE + "".join(f"* {name} {value}\n" for name, value in sorted(settings.items()))

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        """What a site has limited more strictly stays so."""
        _express(wanted)
        theirs = self._limits(PendingFiles(self.host, {self.path: None}))
        due = {name: value for name, value in wanted.items() if name not in theirs or not self._stricter(name, value, theirs[name][0])}
        return super().plan(due, partial)

    def _stricter(self, name: str, wanted: int, value: str) -> bool:
        return value != str(wanted) and self.satisfies(name, wanted, value)

    def observe(self, wanted: Settings) -> Observations:
        _express(wanted)
        limits = self._limits(PendingFiles(self.host, {}))
        return {name: self._observation(name, value, limits.get(name)) for name, value in wanted.items()}

    def _observation(self, name: str, wanted: int, found: tuple[str, str] | None) -> Observation:
        if not found:
            return Observation(None, MAIN, f"no line of {MAIN} or {DIRECTORY} sets {name} for everybody")
        value, place = found
        foreign = not self.satisfies(name, wanted, value) and not place.startswith(self.path)
        return Observation(value, place, f"{place} sets {name} to {value}" if foreign else "")

    @staticmethod
    def _limits(seen: Files) -> dict[str, tuple[str, str]]:
        """What holds for everybody, as ``{name: (value, place)}``.

        A dash sets both limits, and words after the fourth say nothing.
        """
        limits = {}
        for path in [MAIN, *seen.files(f"{DIRECTORY}/*.conf")]:
            for number, line in enumerate(lines_of(seen.read(path) or ""), 1):
                words = words_of(line.partition("#")[0].lower())
                value = _VALUE.match(words[3]) if len(words) > 3 and words[0] == "*" else None
                if not value:
                    continue
                for kind in ("hard", "soft") if words[1] == "-" else (words[1],):
                    limits[f"{kind} {words[2]}"] = (value[0], f"{path}:{number}")
        return limits

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """A lower limit is stricter."""
        if value is None or value in _UNLIMITED:
            return str(wanted) == str(value)
        return at_most(wanted, value, lowest=0)


def _express(wanted: Settings) -> None:
    for name, value in wanted.items():
        if not _NAME.fullmatch(name) or isinstance(value, bool) or not re.fullmatch(r"\d+", str(value), re.A):
            raise BadSetting(f"login_limits: a name such as hard core with a number is expected, not {name}: {value!r}")
