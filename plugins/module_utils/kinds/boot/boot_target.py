# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What systemd starts when the machine does, as ``{default: multi-user.target}`` (systemd.special(7))."""

from __future__ import annotations

import os
from collections.abc import Callable

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import DIRECTORIES
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting


class BootTarget(Kind):
    name = "boot_target"

    def absent(self) -> str:
        return "" if self.host.which("systemctl") else "systemd is not installed"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        plan = Plan()
        for name, target in wanted.items():
            if name != "default" or not str(target).endswith(".target"):
                raise BadSetting(f"boot_target {name}: {target} means nothing; use default with the name of a target")
            found, unused_place = self._default()
            if found != target:
                plan.changes.append(Change("the default target", f"{found}\n", f"{target}\n", frozenset([name]), self._setter(target)))
        return plan

    def _setter(self, target: str) -> Callable[[], None]:
        def apply() -> None:
            ran = self.host.run(["systemctl", "set-default", target])
            if not ran.ok:
                raise RuntimeError(f"systemd does not take {target} as its default: {ran.error}")

        return apply

    def observe(self, wanted: Settings) -> Observations:
        return {name: Observation(*self._default()) for name in wanted}

    def _default(self) -> tuple[str, str]:
        """The target behind the first default.target of systemd's directories, and where that is."""
        for directory in DIRECTORIES:
            place = f"{directory}/default.target"
            if os.path.lexists(self.host.entry(place)):
                return os.path.basename(os.path.realpath(self.host.path(place))), place
        return "none", DIRECTORIES[0]
