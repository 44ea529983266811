# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Units of systemd, as ``{rsync: masked, ssh: enabled, debug-shell.service: masked}``."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    IN_USE,
    Change,
    Kind,
    NotInForce,
    Observation,
    Observations,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.dependents import Dependents
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.resolvers import RESOLV_CONF, RESOLVERS, resolver
from ansible_collections.hygeia.golden.plugins.module_utils.system.tree import uncovered
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units, unit_name
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.once import Once

MASKED = "masked"
DISABLED = "disabled"
ENABLED = "enabled"

# The states of unit files that satisfy a wanted one (systemctl(1), is-enabled).
_ACCEPTED = {MASKED: {MASKED}, DISABLED: {DISABLED, MASKED, "indirect"}, ENABLED: {ENABLED, "static", "generated"}}
_VERBS = ("unmask", "mask", "disable", "enable")
_SSH = {"ssh.service", "sshd.service", "ssh.socket", "sshd.socket"}


class Service(Kind):
    name = "service"

    def absent(self) -> str:
        # Whatever stands there: what is odd about it is no matter of units.
        found = any(os.path.lexists(self.host.entry(path)) for path in ("/usr/lib/systemd/systemd", "/lib/systemd/systemd"))
        return "" if found else "systemd is not installed"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        plan = Plan()
        if not wanted:
            return plan
        work: dict[str, list[str]] = {verb: [] for verb in _VERBS}
        todo = {verb: Once(functools.partial(self._systemctl, verb, work[verb])) for verb in _VERBS}
        units = Units(self.host, [unit_name(name) for name in wanted])
        for name, value in wanted.items():
            _check(name, value)
            unit = units.real(unit_name(name), keep_vendor_alias=value == MASKED)
            if not units.state(unit) and value != ENABLED:
                continue
            why = self._harm(unit, value, units)
            if why:
                plan.refusals.append(Refusal(frozenset([name]), why))
            elif not units.state(unit) and not self.host.check:
                plan.failures[name] = f"{unit} cannot be enabled, because there is no such unit: install its package"
            else:
                plan.changes += self._changes(name, unit, value, units, work, todo)
        return plan

    def _changes(
        self, name: str, unit: str, value: str, units: Units, work: Mapping[str, list[str]], todo: Mapping[str, Once]
    ) -> list[Change]:
        """What brings a unit, and with it what would start it, into the wanted state."""
        concerned = [unit] if value == ENABLED else [unit, *units.starters(unit)]
        changes = []
        for each in concerned:
            state, activity = units.state(each), units.activity(each)
            as_wanted = state in _ACCEPTED[value] or (each != unit and value == DISABLED and state != ENABLED)
            if as_wanted and (not activity or activity.suits(value == ENABLED, units) or activity.prevented):
                continue
            verbs = []
            if not as_wanted:
                verbs = ["unmask"] if value == ENABLED and state == MASKED else []
                verbs.append({MASKED: "mask", DISABLED: "disable", ENABLED: "enable"}[value])
            for verb in verbs:
                work[verb].append(each)
            before = f"{state or 'not installed'}{activity.suffix if activity else ''}\n"
            changes.append(Change(each, before, f"{value}\n", frozenset([name]), _apply([todo[verb] for verb in verbs])))
        return changes

    def _harm(self, unit: str, value: str, units: Units) -> str:
        """Why a unit is left alone, in one sentence; else an empty string."""
        if value == ENABLED:
            return ""
        if unit in _SSH and self.host.operator:
            return f"{unit} is what this login came through, so it is not {value}"
        if value == DISABLED and units.state(unit) == "static":
            return f"{unit} is started by other units and cannot be disabled: mask it"
        own = f"/etc/systemd/system/{unit}"
        if value == MASKED and units.state(unit) != MASKED and os.path.lexists(self.host.entry(own)):
            return f"{own} is a unit of this site, and what lies there cannot be masked: remove it or waive this"
        if units.real(unit) in RESOLVERS and units.state(unit) == ENABLED:
            with uncovered(self.host, RESOLV_CONF) as host:
                return resolver(host, units.real(unit))
        return ""

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """A unit that runs and that somebody needs is not taken away without a question."""
        units = Units(self.host, [unit_name(name) for name in due])
        leaving = {}
        for name in (name for name, value in due.items() if value != ENABLED):
            unit = units.real(unit_name(name))
            concerned = [unit, *units.starters(unit)]
            active = ((each, units.activity(each)) for each in concerned)
            leaving[name] = [each for each, activity in active if activity and not activity.suits(False, units)]
        running = Dependents(self.host, [unit for concerned in leaving.values() for unit in concerned])
        for name, concerned in leaving.items():
            need = next(((unit, why) for unit in concerned for why in [running.need(unit)] if why), None)
            if need:
                sentence = f"{need[0]} is in use, {need[1]}: move what needs it elsewhere and stop it, and harden again"
                yield Refusal(frozenset([name]), sentence, IN_USE)

    def _systemctl(self, verb: str, units: list[str]) -> None:
        ran = self.host.run(["systemctl", verb, *units])
        if not ran.ok:
            raise RuntimeError(f"systemctl {verb} {' '.join(units)} failed: {ran.error}")

    def reload(self, changes: list[Change]) -> None:
        """Start what is enabled, stop the rest; who logged in over SSH was refused before."""
        failures: dict[str, str] = {}
        for verb, starts in (("stop", False), ("start", True)):
            due = [change for change in changes if (change.after == f"{ENABLED}\n") == starts]
            if due and not self.host.run(["systemctl", verb, *(change.target for change in due)]).ok:
                # One that cannot start is no reason to blame the others: each is asked again by itself.
                failures.update(failure for change in due for failure in self._failures(verb, change))
        if failures:
            raise NotInForce(failures)

    def _failures(self, verb: str, change: Change) -> Iterator[tuple[str, str]]:
        try:
            self._systemctl(verb, [change.target])
        except RuntimeError as problem:
            yield from ((name, str(problem)) for name in change.names)

    # -- observing ------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        units = Units(self.host, [unit_name(name) for name in wanted])
        return {name: self._observation(unit_name(name), _check(name, value), units) for name, value in wanted.items()}

    def _observation(self, asked: str, value: str, units: Units) -> Observation:
        unit = units.real(asked, keep_vendor_alias=value == MASKED)
        state, activity = units.state(unit), units.activity(unit)
        if not state:
            if value == ENABLED:
                return Observation("not installed", units.source, f"there is no unit {unit}")
            return Observation(status="not_applicable", read_from=units.source, message=f"there is no unit {unit}")
        starters = [] if value == ENABLED else [each for each in units.starters(unit) if units.state(each) == ENABLED]
        if state == DISABLED and starters:
            return Observation(f"started by {', '.join(starters)}", units.source, f"{unit} is disabled, but {starters[0]} starts it")
        if state not in _ACCEPTED[value]:
            return Observation(state, units.source, "" if unit == asked else f"{asked} is another name of {unit}")
        if activity and not activity.suits(value == ENABLED, units):
            if activity.prevented and self.host.container:
                return Observation(
                    status="not_applicable", read_from="systemctl show", message=f"{unit} is not meant to run in a container"
                )
            why = "its own conditions do not hold" if activity.prevented else f"it is {activity.state}"
            return Observation(f"{state}{activity.suffix}", "systemctl show", f"{unit} is {state}, but {why}")
        return Observation(value, units.source, "" if state == value else f"{unit} is {state}")


def _check(name: str, value: str) -> str:
    if value not in _ACCEPTED:
        raise BadSetting(f"service {name} can be {', '.join(_ACCEPTED)}, not {value}")
    return value


def _apply(works: list[Once]) -> Callable[[], None]:
    def apply() -> None:
        for problem in [work() for work in works]:
            if problem:
                raise problem

    return apply
