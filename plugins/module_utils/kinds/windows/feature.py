# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A component of Windows, as ``{"Microsoft-Windows-SMB1*": absent}``: a package of component servicing by its name, with wildcards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.windows import components

_STATES = ("absent", "present")


class WindowsFeature(WindowsKind):
    name = "windows_feature"

    @classmethod
    def check(cls, name: str, value: Value) -> Mapping[str, Any]:
        if value not in _STATES:
            raise BadSetting(f"{cls.name}: {name} is absent or present, not {value!r}")
        return {"state": value}

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        found = sorted({package.name for package in components.matching(self.system.registry, name) if package.installed})
        wrong = ""
        if wanted["state"] == "absent" and found:
            wrong = f"{' and '.join(found[:5])} must not be installed"
        elif wanted["state"] == "present" and not found:
            wrong = f"the component {name} is not installed"
        return Observation(found[:20] or "not installed", components.PATH, wrong, result.FAIL if wrong else result.PASS)
