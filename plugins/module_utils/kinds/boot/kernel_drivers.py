# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Drivers that every installed kernel has if any of them has it, as ``{modules: [ahci, e1000e]}``.

A boot menu starts the newest kernel first, and by the order of names that is Debian's kernel for clouds, which has few
drivers, before the general one of the same version. A kernel that lacks what another one has is therefore removed; the
control that asks for this installs a kernel that has everything by the kind ``package``. The kernel that runs stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.module_names import listed
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.manager import Apt
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.manager import Dnf
from ansible_collections.hygeia.golden.plugins.module_utils.packages.zypper import manager as zypper
from ansible_collections.hygeia.golden.plugins.module_utils.system import kernel_drivers
from ansible_collections.hygeia.golden.plugins.module_utils.system.kernel_drivers import Drivers
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.util.once import Once

# What has a kernel, and what asks for the newest one of its sort; nothing else is removed with them.
_PACKAGES = ("linux-image-", "linux-headers-", "linux-modules-", "kernel")


class KernelDrivers(Kind):
    name = "kernel_drivers"

    def absent(self) -> str:
        if self.host.container:
            return "a container does not start the kernel that it shares"
        return "" if kernels.versions(self.host) else "no kernel is installed in /boot"

    @cached_property
    def _kernels(self) -> dict[str, Drivers]:
        return {release: kernel_drivers.of(self.host, release) for release in kernels.versions(self.host)}

    def _lacking(self, wanted: Settings) -> dict[str, list[str]]:
        """The kernels that lack modules which another one has, with these modules."""
        modules = [module for name, value in wanted.items() for module in listed(self.name, name, value)]
        had = {module for module in modules if any(each.has(module) for each in self._kernels.values())}
        lacking = {release: sorted(had - {module for module in had if each.has(module)}) for release, each in self._kernels.items()}
        return {release: missing for release, missing in lacking.items() if missing}

    # -- enforcing ---------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        lacking = self._lacking(wanted)
        names = frozenset(wanted)
        if not lacking:
            return Plan()
        if len(lacking) == len(self._kernels):
            why = f"no installed kernel has all drivers, since {_reported(lacking)}: install one that has, such as linux-image-amd64"
            return Plan(refusals=[Refusal(names, why)])
        running = kernels.running(self.host)
        if running in lacking:
            why = f"{running} runs and lacks {_and(lacking[running])}: start another kernel, and enforce this again"
            return Plan(refusals=[Refusal(names, why)])
        return self._removal(list(lacking), names)

    def _removal(self, releases: Sequence[str], names: frozenset[str]) -> Plan:
        if zypper.serves(self.host):
            return Plan(refusals=[Refusal(names, zypper.NOT_CHANGED)])
        manager = Dnf(self.host) if rpm.serves(self.host) else Apt(self.host)
        packages = [f"kernel-core-{release}" if rpm.serves(self.host) else f"linux-image-{release}" for release in releases]
        try:
            removed = [step.package for step in manager.simulate(*manager.remove, *packages).removes]
        except manager.error as problem:
            return Plan(failures=dict.fromkeys(names, str(problem)))
        others = [package for package in removed if not package.startswith(_PACKAGES)]
        if others:
            why = f"to remove {_and(packages)} would also remove {_and(others)}: remove them yourself, or waive this"
            return Plan(refusals=[Refusal(names, why)])
        work = Once(lambda: manager.run(*(() if self.host.booted else manager.offline), *manager.remove, *packages))
        return Plan([Change(f"package {package}", f"{package}\n", "", names, lambda: self._remove(work)) for package in removed])

    def _remove(self, work: Once) -> None:
        problem = work()
        self.host.packages.forget()
        if problem:
            raise problem

    # -- observing ---------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        return {name: self._observation(name, wanted[name]) for name in wanted}

    def _observation(self, name: str, value: Value) -> Observation:
        lacking = self._lacking({name: value})
        missing = {module for modules in lacking.values() for module in modules}
        places = ", ".join(f"{kernel_drivers.DIRECTORY}/{release}" for release in self._kernels)
        nowhere = [module for module in listed(self.name, name, value) if not any(each.has(module) for each in self._kernels.values())]
        remark = f"no installed kernel has {_and(nowhere)}" if nowhere else ""
        there = [module for module in listed(self.name, name, value) if module not in missing]
        return Observation(there, places, _reported(lacking) if lacking else remark)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """What no kernel has is not this kind's to bring: a kernel that has it is a package."""
        return value == listed(self.name, name, wanted)


def _reported(lacking: dict[str, list[str]]) -> str:
    return "; ".join(f"{release} lacks {_and(modules)}" for release, modules in lacking.items())


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
