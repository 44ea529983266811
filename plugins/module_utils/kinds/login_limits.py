# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What pam_limits allows a session, as ``{hard core: 0, hard maxlogins: 10}``: for everybody whom no line names (limits.conf(5))."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, BadSetting, DropIn, Observation

MAIN = "/etc/security/limits.conf"
FOLDER = "/etc/security/limits.d"

_NAME = re.compile(r"(hard|soft) ([a-z]+)")
_UNLIMITED = ("unlimited", "infinity", "-1")


class LoginLimits(DropIn):
    name = "login_limits"
    # The last one of its folder to be read; of two lines for the same people the later one wins.
    path = f"{FOLDER}/zz-hygeia.conf"

    def absent(self):
        return "" if self.host.exists("/etc/pam.d") else "there is no PAM whose sessions could be limited"

    def parse(self, text):
        return dict(re.findall(r"^\* ((?:hard|soft) [a-z]+) (\S+)$", text, re.M))

    def render(self, settings):
        return NOTICE + "".join(f"* {name} {value}\n" for name, value in sorted(settings.items()))

    def plan(self, wanted, partial=False):
        _express(wanted)
        return super().plan(wanted, partial)

    def observe(self, wanted):
        _express(wanted)
        limits = self._limits()
        return {name: self._observation(name, value, limits.get(name)) for name, value in wanted.items()}

    def _observation(self, name, wanted, found):
        if not found:
            return Observation(None, MAIN, f"no line of {MAIN} or {FOLDER} sets {name} for everybody")
        value, place = found
        foreign = not self.meets(name, wanted, value) and not place.startswith(self.path)
        return Observation(value, place, f"{place} sets {name} to {value}" if foreign else "")

    def _limits(self):
        """What holds for everybody, as ``{name: (value, place)}``; a dash sets both limits."""
        limits = {}
        for path in [MAIN, *self.host.glob(f"{FOLDER}/*.conf")]:
            for number, line in enumerate(self.host.lines(path), 1):
                words = line.partition("#")[0].split()
                if len(words) != 4 or words[0] != "*":
                    continue
                for kind in ("hard", "soft") if words[1] == "-" else (words[1],):
                    limits[f"{kind} {words[2]}"] = (words[3], f"{path}:{number}")
        return limits

    def meets(self, name, wanted, value):
        """A lower limit is stricter."""
        if value is None or value in _UNLIMITED:
            return str(wanted) == str(value)
        return str(value).isdigit() and int(value) <= int(wanted)


def _express(wanted):
    for name, value in wanted.items():
        if not _NAME.fullmatch(name) or isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
            raise BadSetting(f"login_limits: a name such as hard core with a number is expected, not {name}: {value!r}")
