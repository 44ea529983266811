# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every kind of setting of Windows can do: check what is expected, and observe what the disk has. None of them writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.expectation import Found, expected, presented, problems
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.system import WindowsSystem


class WindowsKind:
    """Settings of one sort, named ``name``, of one system; ``names`` are those of all settings where they are known."""

    name = ""
    names: Collection[str] = ()
    # Whether an expectation may name the type of a registry value.
    types = False

    def __init__(self, system: WindowsSystem) -> None:
        self.system = system

    def absent(self) -> str:
        """Why this kind means nothing on this system, in one sentence; else an empty string."""
        return ""

    @classmethod
    def check(cls, name: str, value: Value) -> Mapping[str, Any]:
        """What a setting expects; BadSetting for what means nothing."""
        if cls.names and name not in cls.names:
            raise BadSetting(f"{cls.name}: there is no {name}; choose one of {', '.join(cls.names)}")
        return expected(f"{cls.name}: {name}", value, cls.types)

    def observe(self, wanted: Settings) -> Observations:
        """The value of each name in ``wanted``, evaluated; what cannot be read is an error of this name alone."""
        return {name: self._observed(name, self.check(name, value)) for name, value in wanted.items()}

    def satisfies(self, name: str, unused_wanted: Value, unused_value: Value) -> bool:
        """Every observation comes with its status."""
        raise NotImplementedError(name)

    def _observed(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        try:
            return self.look(name, wanted)
        except Unreadable as problem:
            return Observation(status=result.ERROR, message=str(problem))

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        """The value of one setting, evaluated."""
        raise NotImplementedError(self.name)


def evaluated(wanted: Mapping[str, Any], found: Found, read_from: str, label: str, remark: str = "") -> Observation:
    """A value held against what is expected, with a sentence on what is wrong; ``remark`` is added to it."""
    wrong = problems(wanted, found)
    message = f"{label} {'; it '.join(wrong)}{f': {remark}' if remark else ''}" if wrong else ""
    return Observation(presented(found), read_from, message, result.FAIL if wrong else result.PASS)
