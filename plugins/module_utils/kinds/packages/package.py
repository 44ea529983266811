# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packages, as ``{telnet: absent, "chrony | systemd-timesyncd": present}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    IN_USE,
    LOCKOUT,
    Change,
    Kind,
    Observation,
    Observations,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, choices
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.manager import Apt
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Simulation, Step
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.manager import Dnf
from ansible_collections.hygeia.golden.plugins.module_utils.packages.zypper import manager as zypper
from ansible_collections.hygeia.golden.plugins.module_utils.system.administrators import Administrators
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import dpkg, rpm
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.inventory import GONE, INSTALLED
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.programs import Programs
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.once import Once

PRESENT = "present"
ABSENT = "absent"
KERNELS = ("kernel", "kernel-core")


class Package(Kind):
    name = "package"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._listed: set[str] = set()

    def absent(self) -> str:
        managed = self.host.exists(dpkg.STATUS) or rpm.serves(self.host)
        return "" if managed else "neither dpkg nor rpm manages packages here"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        plan = Plan()
        wrong = {name: _expressed(name, wanted[name]) for name in wanted}
        wrong = {name: value for name, value in wrong.items() if self._state(name) != value}
        if not wrong:
            return plan
        if zypper.serves(self.host):
            return Plan(refusals=[Refusal(frozenset(wrong), zypper.NOT_CHANGED)])
        manager = Dnf(self.host) if rpm.serves(self.host) else Apt(self.host)
        unfinished = ", ".join(self.host.packages.unfinished)
        if unfinished:
            plan.changes.append(Change("dpkg", f"{unfinished} not configured\n", "", frozenset(wrong), manager.repair))
        called = {name: self.host.packages.called(choices(name)[0]) for name in wrong}
        # Only what is listed is ever removed, so that no control takes a program away by accident.
        self._listed = {called[name] for name, value in wrong.items() if value == ABSENT}
        leaving = [name for name, value in wrong.items() if value == ABSENT and not self._kept(name, plan)]
        self._plan_removal(manager, {name: called[name] for name in leaving}, plan)
        self._plan_installation(manager, {name: called[name] for name, value in wrong.items() if value == PRESENT}, plan)
        return plan

    def _plan_removal(self, manager: Apt | Dnf, packages: dict[str, str], plan: Plan) -> None:
        simulation = self._simulate(manager, manager.remove, packages, plan)
        if simulation:
            work = Once(lambda: manager.run(*manager.offline, *manager.remove, *dict.fromkeys(packages.values())))
            plan.changes += [self._change(step, packages, work) for step in simulation.removes]

    def _plan_installation(self, manager: Apt | Dnf, packages: dict[str, str], plan: Plan) -> None:
        if self.host.check and not manager.listed():
            # The download that comes before a real run is not made in check mode.
            for name, package in packages.items():
                plan.changes.append(Change(f"package {package}", "", f"{package}\n", frozenset([name]), lambda: None))
                self.host.packages.plan(package, True)
            return
        simulation = self._simulate(manager, manager.install, packages, plan)
        if simulation:
            # An opened image has no network: there everything was downloaded before.
            offline = () if self.host.booted else manager.offline
            work = Once(lambda: manager.run(*offline, *manager.install, *dict.fromkeys(packages.values())))
            plan.changes += [self._change(step, packages, work) for step in simulation.installs]

    def _kept(self, name: str, plan: Plan) -> bool:
        """Is this a package that the system or the operator cannot do without?"""
        if self.host.packages.essential(name):
            why = f"{name} is essential to the system, so it stays"
        elif name.startswith("linux-image-"):
            why = f"{name} is a kernel, so it stays; hygeia.golden.package_upgrade removes old ones with autoremove"
        elif name in KERNELS and rpm.serves(self.host):
            why = f"{name} is the kernel, so it stays"
        elif self.host.operator and name in ("openssh-server", "sudo"):
            why = f"this login needs {name}, so it stays"
        else:
            return False
        plan.refusals.append(Refusal(frozenset([name]), why))
        return True

    def _simulate(self, manager: Apt | Dnf, arguments: tuple[str, ...], packages: dict[str, str], plan: Plan) -> Simulation | None:
        """What the package manager would do; ``packages`` loses those that cannot be had or that take others away."""
        if not packages:
            return None
        try:
            simulation = manager.simulate(*arguments, *dict.fromkeys(packages.values()))
            if not self._unlisted(simulation):
                return simulation
        except manager.error:
            pass  # at least one of them cannot be had: the next lines find out which
        for name, package in list(packages.items()):
            try:
                others = ", ".join(self._unlisted(manager.simulate(*arguments, package)))
                why = others and f"{package}: that would also remove {others}: list them as absent too, or waive this"
            except manager.error as problem:
                if package not in self._listed:
                    plan.failures[name] = str(problem)
                why = f"{package} cannot be removed, because the system would break without it"
            if why and name not in plan.failures:
                plan.refusals.append(Refusal(frozenset([name]), why))
            if why:
                del packages[name]
        return manager.simulate(*arguments, *dict.fromkeys(packages.values())) if packages else None

    def _unlisted(self, simulation: Simulation) -> list[str]:
        return sorted({step.package for step in simulation.removes} - self._listed)

    def _change(self, step: Step, packages: Mapping[str, str], work: Once) -> Change:
        """The change of one package; what is drawn in by others serves no setting of its own."""
        package = step.package.split(":")[0]
        names = frozenset(name for name, chosen in packages.items() if chosen == package)
        if self.host.check:
            self.host.packages.plan(package, bool(step.after))

        def apply() -> None:
            problem = work()
            self.host.packages.forget()
            if self.host.packages.installed(package) != bool(step.after):
                raise problem or RuntimeError(f"{package} {'cannot be had' if step.after else 'is still installed'}")

        return Change(f"package {package}", _line(package, step.before), _line(package, step.after), names, apply)

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """A program that runs, or that is the last administrator's way to root, is not taken away without a question."""
        programs = Programs(self.host)
        for name in (name for name, value in due.items() if value == ABSENT):
            need = programs.need(name)
            who = Administrators(self.host).lost(sudo=False) if name == "sudo" else ""
            if self.host.check and (need or who):
                self.host.packages.plan(name, True)  # it was counted as removed
            if who:
                yield Refusal(frozenset([name]), f"nobody could become root without sudo: {who} has no other way", LOCKOUT)
            elif need:
                yield Refusal(frozenset([name]), f"{name} is in use, it {need}: end that, and harden again", IN_USE)

    # -- observing ------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        return {name: self._observation(name, _expressed(name, wanted[name])) for name in wanted}

    def _observation(self, name: str, wanted: str) -> Observation:
        state = self._state(name)
        versions = self.host.packages.versions
        called = map(self.host.packages.called, choices(name))
        there = " and ".join(f"{choice} {versions[choice]}" for choice in called if choice in versions)
        if state == wanted:
            message = ""
        elif state in (PRESENT, ABSENT):
            message = f"{there} is installed" if there else f"{name} is not installed"
        else:
            message = f"dpkg left {name} {state}: run dpkg --configure -a"
        return Observation(state, self.host.packages.source, message)

    def _state(self, name: str) -> str:
        """Present when one of the choices is, absent when none is, else what dpkg left half done."""
        states = [self.host.packages.state(choice) for choice in choices(name)]
        if INSTALLED in states:
            return PRESENT
        return next((state for state in states if state not in GONE), ABSENT)


def _expressed(name: str, value: str) -> str:
    if value not in (PRESENT, ABSENT):
        raise BadSetting(f"package {name} can be {PRESENT} or {ABSENT}, not {value}")
    if value == ABSENT and "|" in name:
        raise BadSetting(f"package {name}: only one package at a time can be {ABSENT}")
    return value


def _line(package: str, version: str) -> str:
    return f"{package} {version}\n" if version else ""
