# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the programs that set up a network do past the kernel's parameters: ``{router_advertisements: ignored, forwarding: disabled}``.

systemd-networkd, NetworkManager, ifupdown and dhcpcd each have switches of their own for it, in files of their own. On a
running host the routes that a router advertised have the last word.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import IN_USE, Change, Kind, Observation, Plan, Refusal, RolledBack
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.dhcpcd import Dhcpcd
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.ifupdown import Ifupdown
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.manager import ADVERTISEMENTS, FORWARDING, Manager
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.networkd import Networkd
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.networkmanager import NetworkManagerItself
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running import network
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

WANTED = {ADVERTISEMENTS: "ignored", FORWARDING: "disabled"}
FOUND = {ADVERTISEMENTS: "accepted", FORWARDING: "enabled"}
_USED = ("enabled", "enabled-runtime", "static", "indirect")


class NetworkManager(Kind):
    name = "network_manager"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._managers = [Networkd(self), NetworkManagerItself(self), Ifupdown(self), Dhcpcd(self)]
        # Who wrote what, since a running program reloads its own files alone.
        self._writers: dict[str, Manager] = {}

    # -- enforcing ------------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        _express(wanted)
        cut = self._cut_off() if ADVERTISEMENTS in wanted else ""
        if cut:
            # What stands for it already stays too.
            wanted, partial = {name: value for name, value in wanted.items() if name != ADVERTISEMENTS}, True
        changes: list[Change] = []
        for manager in self._managers if wanted or not partial else ():
            found = manager.changes(wanted, partial) if not wanted or self._used(manager) else []
            self._writers.update((change.target, manager) for change in found)
            changes += found
        return Plan(changes, [Refusal(frozenset([ADVERTISEMENTS]), cut)] if cut else [])

    def _cut_off(self) -> str:
        """Why a system that does not run would be without a network if nobody heeded routers; else an empty string.

        One that runs is asked instead where its routes come from.
        """
        used = [] if self.host.booted else [manager for manager in self._managers if self._used(manager)]
        found = next((found for manager in used for found in manager.found(ADVERTISEMENTS)), None)
        if not found or any(manager.keeps_an_address() for manager in used):
            return ""
        return f"{found.place} gives this system its only address, by what routers advertise: give it another one, or waive the control"

    def refusals(self, due: Settings) -> Iterator[Refusal]:
        """The way to a host, or through it, is not taken away without a question."""
        needs = {ADVERTISEMENTS: network.advertised, FORWARDING: network.routed}
        for name in due:
            why = needs[name](self.host)
            if why:
                yield Refusal(frozenset([name]), f"{name} cannot become {due[name]} yet, because {why}", IN_USE)

    def reload(self, changes: list[Change]) -> None:
        reloaded = []
        for manager in self._managers:
            written = [change for change in changes if self._writers.get(change.target) is manager]
            if not written or not self._runs(manager):
                continue
            reloaded.append((manager, written))
            try:
                manager.reload(written)
            except RuntimeError as problem:
                self._take_back(changes, reloaded)
                raise RolledBack(f"{problem}; the former files are back") from problem

    def _take_back(self, changes: list[Change], reloaded: list[tuple[Manager, list[Change]]]) -> None:
        for change in reversed(changes):
            if change.before:
                self.host.edit(change.target, change.before)
            else:
                self.host.remove(change.target)
        for manager, written in reloaded:
            try:
                manager.reload(written)
            except RuntimeError:
                continue  # what it said the first time is reported

    # -- observing ------------------------------------------------------------------

    def observe(self, wanted: Settings) -> dict[str, Observation]:
        _express(wanted)
        return {name: self._observed(name) for name in wanted}

    def _observed(self, name: str) -> Observation:
        used = [manager for manager in self._managers if self._used(manager)]
        learned = network.advertised(self.host) if name == ADVERTISEMENTS and self.host.booted else ""
        found = next((found for manager in used for found in manager.found(name)), None)
        if learned or found:
            return Observation(FOUND[name], found.place if found else "ip -6 route", found.message if found else learned)
        if not used:
            return Observation(None, "", "none of the programs that are known sets up its network", result.NOT_APPLICABLE)
        return Observation(WANTED[name], " and ".join(manager.unit for manager in used))

    @cached_property
    def _units(self) -> Units:
        return Units(self.host, [manager.unit for manager in self._managers])

    def _used(self, manager: Manager) -> bool:
        """Is it started with the system? ifupdown asks for addresses by dhcpcd where there is no dhclient."""
        started = self._units.state(manager.unit) in _USED
        return started or (isinstance(manager, Dhcpcd) and self._by_ifupdown())

    def _by_ifupdown(self) -> bool:
        started = self._units.state(Ifupdown.unit) in _USED
        return started and bool(self.host.which("dhcpcd")) and not (self.host.which("dhclient") or self.host.which("udhcpc"))

    def _runs(self, manager: Manager) -> bool:
        activity = self._units.activity(manager.unit)
        if isinstance(manager, Dhcpcd) and not activity:
            activity = self._units.activity(Ifupdown.unit)
        return bool(activity and activity.state == "active")


def _express(wanted: Settings) -> None:
    for name, value in wanted.items():
        if WANTED.get(name) != value:
            known = " or ".join(f"{key}: {each}" for key, each in WANTED.items())
            raise BadSetting(f"network_manager: {name}: {value} means nothing; use {known}")
