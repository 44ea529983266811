# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SELinux, as ``{state: enforcing, policy: targeted}`` (selinux(8)).

A system that has run without SELinux has files without labels, and would not
get up if it had to enforce rules about them. It is not sent there: somebody
asks for new labels first, by a file that the next boot looks for.
"""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.selinux import CONFIG, KERNEL, RELABEL, configured
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

KEYS = {"state": "SELINUX", "policy": "SELINUXTYPE"}
# The looser first.
STATES = ("disabled", "permissive", "enforcing")
_ENFORCE = {"0": "permissive", "1": "enforcing"}


class Selinux(Kind):
    name = "selinux"

    def absent(self) -> str:
        if self.host.container:
            return "a container has the SELinux of its host"
        return "" if self.host.exists(CONFIG) else f"there is no {CONFIG}, so SELinux is not installed"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        text = before = self.host.read(CONFIG) or ""
        plan = Plan()
        for name, value in wanted.items():
            _express(name, value)
            configured = self._configured(name)[1]
            why = "" if self.satisfies(name, value, configured) and not self._relabels(name, value) else self._harm(name, value)
            if why:
                plan.refusals.append(Refusal(frozenset([name]), why))
            elif not self.satisfies(name, value, configured):
                text = logical_lines.put(text, KEYS[name], f"{KEYS[name]}={value}", "=")
        if text != before:
            names = [name for name in wanted if not any(name in refusal.names for refusal in plan.refusals)]
            plan.changes = self.edit(CONFIG, text, names)
        return plan

    def _relabels(self, name: str, value: str) -> bool:
        """Would the next boot find files without labels that it has to have?"""
        return name == "state" and value != "disabled" and self._state() == "disabled" and not self.host.exists(RELABEL)

    def _harm(self, name: str, value: str) -> str:
        """Why the next boot would not go well, in one sentence; else an empty string."""
        if name == "policy" and not self.host.glob(f"/etc/selinux/{value}/policy/policy.*"):
            return f"the policy {value} is not installed: install its package"
        if value == "enforcing" and self._relabels(name, value):
            return f"SELinux has been off here, so files lack labels: run touch {RELABEL}, boot once with permissive, then enforce"
        return ""

    def reload(self, changes: list[Change]) -> None:
        """What can change at once does; on a kernel that runs without SELinux only a boot helps."""
        configured = self._configured("state")[1]
        if self._state() in ("permissive", "enforcing") and configured in _ENFORCE.values():
            ran = self.host.run(["setenforce", str(int(configured == "enforcing"))])
            if not ran.ok:
                raise RuntimeError(f"setenforce failed: {ran.error}")

    # -- observing ------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        return {name: self._observation(name, value) for name, value in wanted.items()}

    def _observation(self, name: str, wanted: str) -> Observation:
        """What the next boot will do, and on a running kernel what it does now."""
        _express(name, wanted)
        number, value = self._configured(name)
        place = f"{CONFIG}:{number}" if number else CONFIG
        if not self.satisfies(name, wanted, value):
            return Observation(value, place, "" if number else f"no line of {CONFIG} sets {KEYS[name]}")
        if name == "policy" and not self.host.glob(f"/etc/selinux/{value}/policy/policy.*"):
            return Observation("not installed", f"/etc/selinux/{value}", f"the policy {value} is not installed")
        if name == "state" and self.host.kernel and not self.satisfies(name, wanted, self._state()):
            return Observation(self._state(), f"{KERNEL}/enforce", f"the running kernel is {self._state()}, though {place} says {value}")
        return Observation(value, place)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if name == "state" and value in STATES:
            return STATES.index(value) >= STATES.index(wanted)
        return super().satisfies(name, wanted, value)

    def _configured(self, name: str) -> tuple[int, str]:
        """The line that has the last word, with its value."""
        return configured(self.host, KEYS[name])

    def _state(self) -> str:
        """What the running kernel does, or for a system that does not run what it is configured to do."""
        if not self.host.kernel:
            return self._configured("state")[1]
        enforce = (self.host.read(f"{KERNEL}/enforce") or "").strip(BLANKS)
        return _ENFORCE.get(enforce, "disabled")


def _express(name: str, value: str) -> None:
    """Raise BadSetting for what the file cannot say."""
    if name not in KEYS:
        raise BadSetting(f"selinux: {name} is not known; choose one of {', '.join(KEYS)}")
    if name == "state" and value not in STATES:
        raise BadSetting(f"selinux: state can be {', '.join(STATES)}, not {value}")
    if name == "policy" and not re.fullmatch(r"[a-z][a-z0-9_-]*", str(value)):
        raise BadSetting(f"selinux: policy is the name of a policy such as targeted, not {value!r}")
