# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What systemd starts when the machine does, as ``{default: multi-user.target}`` (systemd.special(7))."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Change, Kind, Observation, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model import result


class BootTarget(Kind):
    name = "boot_target"

    def absent(self):
        return "" if self.host.which("systemctl") else "systemd is not installed"

    def plan(self, wanted, partial=False):
        plan = Plan()
        for name, target in wanted.items():
            if name != "default" or not str(target).endswith(".target"):
                raise BadSetting(f"boot_target {name}: {target} means nothing; use default with the name of a target")
            ran = self._asked()
            if ran.out.strip() != target:
                apply = self._setter(target)
                plan.changes.append(Change("the default target", ran.out, f"{target}\n", frozenset([name]), apply))
        return plan

    def _setter(self, target):
        def apply():
            ran = self.host.run(["systemctl", "set-default", target])
            if not ran.ok:
                raise RuntimeError(f"systemd does not take {target} as its default: {ran.complaint}")

        return apply

    def observe(self, wanted):
        ran = self._asked()
        if not ran.ok:
            seen = Observation(status=result.ERROR, message=f"systemd does not say what it starts: {ran.complaint}")
        else:
            seen = Observation(ran.out.strip(), "systemctl get-default")
        return {name: seen for name in wanted}

    def _asked(self):
        return self.host.run(["systemctl", "get-default"])
