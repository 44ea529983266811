# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file of the system's volume, as ``{"Windows\\Panther\\unattend.xml": absent}``; the last part of a path may have wildcards."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.windows.text import folded

_STATES = ("absent", "present")
_MOST = 20


class WindowsFile(WindowsKind):
    name = "windows_file"

    @classmethod
    def check(cls, name: str, value: Value) -> Mapping[str, Any]:
        if value not in _STATES:
            raise BadSetting(f"{cls.name}: {name} is absent or present, not {value!r}")
        if ":" in name or "*" in name.rpartition("\\")[0]:
            raise BadSetting(f"{cls.name}: {name} is no path such as Windows\\Panther\\*.xml, without a drive")
        return {"state": value}

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        above, unused_slash, pattern = name.rpartition("\\")
        listed = self.system.volume.listed(above)
        found = [f"{above}\\{each.name}".lstrip("\\") for each in listed if fnmatch.fnmatchcase(folded(each.name), folded(pattern))]
        wrong = ""
        if wanted["state"] == "absent" and found:
            wrong = f"{' and '.join(sorted(found)[:5])} must not be there"
        elif wanted["state"] == "present" and not found:
            wrong = f"there is no {name}"
        return Observation(sorted(found)[:_MOST] or "not there", name, wrong, result.FAIL if wrong else result.PASS)
