# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What rsyslogd does with records, as ``{file_mode: "0640", reception: []}``.

- ``file_mode``: a limit of the mode with which it makes log files. Where other
  files do not say it, our drop-in does for the actions that come after; one
  that says its own is reported.
- ``reception``: by which of its modules other machines may send records here;
  nothing is written for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    NOTICE,
    Change,
    DropIn,
    Observation,
    Observations,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.rsyslog_conf import MAIN, Statement, file_modes, receivers, statements
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

_MODE = re.compile(r"0?[0-7]{3}")


class Rsyslog(DropIn):
    name = "rsyslog"
    # Debian includes this directory before its own rules, and the last word before a rule counts.
    path = "/etc/rsyslog.d/zz-hygeia.conf"

    def absent(self) -> str:
        return "" if self.host.packages.installed("rsyslog") or self.host.which("rsyslogd") else "rsyslog is not installed"

    def parse(self, text: str) -> dict[str, str]:
        found = re.findall(r"^\$FileCreateMode (\S+)$", text, re.M | re.A)
        return {"file_mode": found[-1]} if found else {}

    def render(self, settings: Mapping[str, str]) -> str:
        return f"{NOTICE}$FileCreateMode {settings['file_mode']}\n"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        _check(wanted)
        written = {name: value for name, value in wanted.items() if name == "file_mode" and not self._holds_anyway(value)}
        plan = super().plan(written, partial)
        listening = [
            f"{name} of {place}" for name, place in receivers(statements(self.host)) if name not in wanted.get("reception", [name])
        ]
        if listening:
            why = f"rsyslogd takes records from other machines by {', '.join(listening)}: take that away, or waive this on a log server"
            plan.refusals.append(Refusal(frozenset(["reception"]), why))
        return Plan(plan.changes, plan.refusals)

    def _holds_anyway(self, wanted: str) -> bool:
        """Do all files get such a mode without our drop-in? Said twice it is what some scanners fail."""
        modes = [mode for mode, unused_place in file_modes(statements(self.host, without=self.path))]
        return bool(modes) and all(self.satisfies("file_mode", wanted, mode) for mode in modes)

    def reload(self, changes: list[Change]) -> None:
        ran = self.host.run(["systemctl", "try-restart", "rsyslog.service"])
        if not ran.ok:
            raise RuntimeError(f"rsyslog could not be restarted: {ran.error}")

    def observe(self, wanted: Settings) -> Observations:
        _check(wanted)
        found = list(statements(self.host))
        lookers: dict[str, Callable[[list[Statement], Value], Observation]] = {"file_mode": self._file_mode, "reception": self._reception}
        return {name: lookers[name](found, value) for name, value in wanted.items()}

    def _file_mode(self, found: list[Statement], wanted: str) -> Observation:
        """The mode of the first action that makes files with a looser one."""
        modes = list(file_modes(found))
        if not modes:
            return Observation(wanted, MAIN, "rsyslogd writes no files")
        mode, place = next((each for each in modes if not self.satisfies("file_mode", wanted, each[0])), modes[0])
        return Observation(mode, place)

    @staticmethod
    def _reception(found: list[Statement], wanted: list[str]) -> Observation:
        listening = dict(receivers(found))
        problems = [f"{place} takes records from other machines" for name, place in listening.items() if name not in wanted]
        return Observation(sorted(listening), MAIN, "; ".join(problems))

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if name == "reception":
            return set(value) <= set(wanted)
        return not int(value, 8) & ~int(wanted, 8)


def _check(wanted: Settings) -> None:
    for name, value in wanted.items():
        right = {"file_mode": isinstance(value, str) and _MODE.fullmatch(value), "reception": isinstance(value, list)}
        if not right.get(name):
            raise BadSetting(f"rsyslog: {name} cannot be {value!r}; file_mode is octal digits in quotes, reception a list of modules")
