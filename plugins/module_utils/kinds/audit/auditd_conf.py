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
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit import auditd_conf
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
            setting = auditd_conf.parse(text).settings.get(name)
            if not self.satisfies(name, value, setting.value if setting else None):
                text = _changed(text, name, self.plain(value))
        if text == before:
            return Plan()
        after = auditd_conf.parse(text)
        if after.problem and not auditd_conf.parse(before).problem:
            raise BadSetting(f"auditd_conf: auditd would not start with {PATH}:{after.number}: {after.problem}")
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
        found = auditd_conf.parse(text)
        if found.problem:
            place = f"{PATH}:{found.number}"
            message = f"auditd does not start, because it does not accept {place}: {found.problem}"
            return {name: Observation(None, place, message) for name in wanted}
        return {name: self._observation(name, found.settings.get(name)) for name in wanted}

    def _observation(self, name: str, setting: auditd_conf.Setting | None) -> Observation:
        if not setting:
            return Observation(None, PATH, f"{PATH} does not set {name}")
        return Observation(setting.value, f"{PATH}:{setting.number}")

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return value is not None and self.plain(wanted).lower() == self.plain(value).lower()


def _changed(text: str, name: str, value: str) -> str:
    """The text with one setting changed where it stands, or put at its end; every line of it is, as the last one counts, and the last line has an end."""
    line = f"{name} = {value}"
    text = text if text.endswith("\n") or not text else f"{text}\n"
    numbers = [number for number, old in enumerate(lines_of(text), 1) if (_LINE.match(old) or {"name": ""})["name"].lower() == name]
    if not numbers:
        return logical_lines.appended(text, line)
    for number in numbers:
        text = logical_lines.replaced(text, logical_lines.Line(number, number, line), line, carriage=False)
    return text
