# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The unit files of a system with their states, and on a booted one whether they run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_SUFFIXES = (".service", ".socket", ".path", ".timer", ".target", ".mount", ".automount", ".swap", ".slice", ".scope", ".device")
# Units that the system makes itself, such as of mounts, have no file that anybody wrote.
_WRITTEN = (".service", ".socket", ".path", ".timer", ".target", ".mount", ".automount")
# The directories of links beside a unit that make it start others.
_STARTING = ("wants", "requires", "upholds")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PROPERTIES = "Id,ActiveState,Type,Result,ConditionResult,TriggeredBy"


# Asks systemd for the units that have failed.
FAILED_UNITS = ["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--full"]


def failed_units(output: str) -> list[str]:
    """The names of the failed units in what the command above has printed."""
    return sorted(words_of(line)[0] for line in lines_of(output) if line.strip(BLANKS))


def written(host: Host) -> dict[str, str]:
    """The state of each unit that somebody wrote a file for."""
    units = Units(host, ())
    names = {os.path.basename(path) for directory in DIRECTORIES for path in host.glob(f"{directory}/*") if path.endswith(_WRITTEN)}
    return {name: units.state(name) for name in sorted(names)}


def unit_name(name: str) -> str:
    return name if name.endswith(_SUFFIXES) else f"{name}.service"


@dataclass(frozen=True)
class Activity:
    """What a running system says about a unit."""

    state: str
    kind: str
    result: str
    condition: str
    triggers: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return f", {self.state}"

    @property
    def prevented(self) -> bool:
        """Did a condition in the unit itself keep it from starting?"""
        return self.condition == "no" and self.state == "inactive"

    def suits(self, running: bool, units: Units) -> bool:
        """Is it as it should be: running, done, or ready to be started by its socket; or else not running?"""
        active = self.state in ("active", "reloading", "activating", "refreshing")
        if not running:
            return not active
        done = self.state == "inactive" and self.kind == "oneshot" and self.result == "success" and not self.prevented
        return active or done or any(units.state(trigger) == "enabled" for trigger in self.triggers)


class Units:
    """The states of unit files; and the activity of those that are ``asked`` for.

    A running systemd is asked, once for all of them. Without one systemctl would
    read the same files as we do, and takes half a second for it.
    """

    def __init__(self, host: Host, asked: Iterable[str]) -> None:
        self.host = host
        self.source = DIRECTORIES[0]
        self._states: dict[str, str] = {}
        self._activity: dict[str, Activity] = {}
        ran = host.run(["systemctl", "list-unit-files", "--no-legend", "--no-pager", "--full"]) if host.booted else None
        self._complete = False
        if ran and ran.ok:
            self._complete = True
            self.source = "systemctl list-unit-files"
            rows = [words_of(line) for line in lines_of(_COLOUR.sub("", ran.out))]
            self._states = {row[0]: row[1] for row in rows if len(row) > 1}
        if host.booted:
            self._activity = self._active(asked)

    def state(self, unit: str) -> str:
        """The state of a unit file, an empty string when there is none; an instance has that of its template."""
        return self._known(unit) or self._known(_template(unit))

    def _known(self, unit: str) -> str:
        if unit not in self._states:
            self._states[unit] = "" if self._complete else self._read(unit)
        return self._states[unit]

    def activity(self, unit: str) -> Activity | None:
        """Whether a unit runs; None when that cannot be known here."""
        return self._activity.get(unit)

    def real(self, unit: str, keep_vendor_alias: bool = False) -> str:
        """The unit behind another name. A name that the vendor gave can be masked by itself, one in /etc cannot."""
        met = {unit}
        while self.state(unit) == "alias":
            directory, target = self._link(unit)
            if not target or target in met or (keep_vendor_alias and directory != DIRECTORIES[0]):
                break
            met.add(target)
            unit = target
        return unit

    def _link(self, unit: str) -> tuple[str, str]:
        for directory in DIRECTORIES:
            place = self.host.entry(f"{directory}/{unit}")
            if os.path.islink(place):
                return directory, os.path.basename(os.readlink(place))
        return "", ""

    def starters(self, unit: str) -> list[str]:
        """The sockets and paths that start a service when it is disabled."""
        stem = unit[: -len(".service")] if unit.endswith(".service") else None
        found = [f"{stem}{suffix}" for suffix in (".socket", ".path") if stem and self.state(f"{stem}{suffix}")]
        activity = self.activity(unit)
        return list(dict.fromkeys([*found, *(activity.triggers if activity else ())]))

    def _active(self, asked: Iterable[str]) -> dict[str, Activity]:
        """One question for all units; each answer is a paragraph."""
        units = list(dict.fromkeys(self.real(unit) for unit in asked if self.state(unit)))
        units += [starter for unit in units for starter in self.starters(unit)]
        if not units:
            return {}
        ran = self.host.run(["systemctl", "show", f"--property={_PROPERTIES}", *units])
        if not ran.ok:
            raise RuntimeError(f"systemd does not say what runs: {ran.error}")
        answers = [dict(line.split("=", 1) for line in lines_of(text) if "=" in line) for text in ran.out.split("\n\n")]
        return {
            unit: Activity(
                answer.get("ActiveState", ""),
                answer.get("Type", ""),
                answer.get("Result", ""),
                answer.get("ConditionResult", ""),
                tuple(words_of(answer.get("TriggeredBy", ""))),
            )
            for unit, answer in zip(units, answers)
        }

    # -- without a running systemd ---------------------------------------------

    def _read(self, unit: str) -> str:
        """The state as systemctl would give it, read from the unit file and the links to it (systemctl(1), is-enabled)."""
        path = next((f"{directory}/{unit}" for directory in DIRECTORIES if os.path.lexists(self.host.entry(f"{directory}/{unit}"))), None)
        if not path:
            return ""
        place = self.host.entry(path)
        target = os.readlink(place) if os.path.islink(place) else ""
        text = self.host.read(path) or ""
        if target == "/dev/null" or (not target and not text):
            return "masked"
        if target and os.path.basename(target) != unit:
            return "alias"
        if unit in self._linked:
            return "enabled"
        if re.search(r"^(WantedBy|RequiredBy|UpheldBy|Alias)\s*=\s*\S", text, re.M | re.A):
            return "disabled"
        return "indirect" if re.search(r"^Also\s*=\s*\S", text, re.M | re.A) else "static"

    @cached_property
    def _linked(self) -> set[str]:
        """The units that links in /etc have something start, or give another name; of an instance its template."""
        starting = {os.path.basename(path) for kind in _STARTING for path in self.host.glob(f"{DIRECTORIES[0]}/*.{kind}/*")}
        places = [self.host.entry(path) for path in self.host.glob(f"{DIRECTORIES[0]}/*") if path.endswith(_SUFFIXES)]
        links = [(os.path.basename(place), os.path.basename(os.readlink(place))) for place in places if os.path.islink(place)]
        return starting | {_template(unit) for unit in starting} | {target for alias, target in links if alias != target}


def _template(unit: str) -> str:
    return re.sub(r"@.+(\.\w+)$", r"@\1", unit, flags=re.A)
