# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of the audit daemon, as ``{max_log_file: 50}`` (auditd.conf(5)).

It reads one file and no drop-ins, so the lines of that file are changed in
place; what leaves the profile stays as it is.
"""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

PATH = "/etc/audit/auditd.conf"
RUNNING = "/run/auditd.pid"
_LINE = re.compile(r"\s*(?P<name>\w+)\s*=\s*(?P<value>.*?)\s*$", re.A)


class AuditdConf(Kind):
    name = "auditd_conf"

    def absent(self) -> str:
        return "" if self.host.packages.installed("auditd") or self.host.exists(PATH) else "auditd is not installed"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        text = before = self.host.read(PATH) or ""
        for name, value in wanted.items():
            if before and not re.search(rf"^\W*{re.escape(name)}\s*=", before, re.M | re.I | re.A):
                raise BadSetting(f"auditd_conf: {PATH} has no {name}, and auditd does not start with a name it does not know")
            if not self.meets(name, value, _values(text).get(name, ("", None))[1]):
                text = _changed(text, name, self.plain(value))
        if text == before:
            return Plan()
        return Plan(self.edit(PATH, text, wanted, 0o640))

    def reload(self, changes: list[Change]) -> None:
        """The daemon, when it runs, reads its file again on a signal; it does not let itself be restarted by hand."""
        if not self.host.exists(RUNNING):
            return
        ran = self.host.run(["systemctl", "kill", "--signal=HUP", "--kill-who=main", "auditd.service"])
        if not ran.ok:
            raise RuntimeError(f"auditd did not read {PATH} again: {ran.error}")

    def observe(self, wanted: Settings) -> Observations:
        text = self.host.read(PATH) or ""
        broken = _broken(text)
        if broken:
            message = f"auditd does not start, because it does not accept {PATH}:{broken}: it wants NAME = VALUE with blanks and nothing behind it"
            return {name: Observation(None, f"{PATH}:{broken}", message) for name in wanted}
        values = _values(text)
        return {name: self._observation(name, values.get(name)) for name in wanted}

    def _observation(self, name: str, found: tuple[int, str] | None) -> Observation:
        if not found:
            return Observation(None, PATH, f"{PATH} does not set {name}")
        number, value = found
        return Observation(value, f"{PATH}:{number}")

    def meets(self, name: str, wanted: Value, value: Value) -> bool:
        return value is not None and self.plain(wanted).lower() == self.plain(value).lower()


def _broken(text: str) -> int:
    """The number of the first line that auditd does not accept: blanks alone part its words, and only exec has an argument."""
    for number, line in enumerate(lines_of(text), 1):
        words = [word for word in line.split(" ") if word]
        good = len(words) == 3 or (words[2:3] == ["exec"] and len(words) == 4)
        if words and not words[0].startswith("#") and not (good and words[1] == "=" and not re.search(r"[\t\r]", line)):
            return number
    return 0


def _values(text: str) -> dict[str, tuple[int, str]]:
    """Every setting with the number of the line that has the last word; auditd takes no notice of upper and lower case."""
    found = {}
    for number, line in enumerate(lines_of(text), 1):
        match = _LINE.match(line)
        if match:
            found[match["name"].lower()] = (number, match["value"])
    return found


def _changed(text: str, name: str, value: str) -> str:
    """The text with one setting changed where it stands, or put at its end; every line of it is, as the last one counts."""
    line = f"{name} = {value}"
    numbers = [number for number, old in enumerate(lines_of(text), 1) if (_LINE.match(old) or {"name": ""})["name"].lower() == name]
    if not numbers:
        return logical_lines.appended(text, line)
    for number in numbers:
        text = logical_lines.replaced(text, logical_lines.Line(number, number, line), line, carriage=False)
    return text
