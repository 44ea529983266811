# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An installed program, as ``{"Adobe Flash*": absent}``: by its name in the list of programs, in which ``*`` is a wildcard.

``present`` asks for one, ``{at_least: 1.2.3}`` for one of a version at least, and is satisfied where the program is not installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.windows.system import Program

_UNINSTALL = "the list of installed programs"
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})*")


class WindowsProgram(WindowsKind):
    name = "windows_program"

    @classmethod
    def check(cls, name: str, value: Value) -> Mapping[str, Any]:
        if value in ("absent", "present"):
            return {"state": value}
        if isinstance(value, dict) and set(value) == {"at_least"} and _VERSION.fullmatch(str(value["at_least"])):
            return {"at_least": str(value["at_least"])}
        raise BadSetting(f"{cls.name}: {name} is absent, present or at_least a version such as 1.2.3, not {value!r}")

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        found = self.system.packages.matching(name)
        wrong = _wrong(name, wanted, found)
        shown = [" ".join(filter(None, (program.name, program.version))) for program in found] or "not installed"
        place = "; ".join(program.path for program in found[:5]) or _UNINSTALL
        return Observation(shown, place, wrong, result.FAIL if wrong else result.PASS)


def _wrong(name: str, wanted: Mapping[str, Any], found: list[Program]) -> str:
    if wanted.get("state") == "absent":
        return f"{' and '.join(program.name for program in found)} must not be installed" if found else ""
    if wanted.get("state") == "present":
        return "" if found else f"{name} is not installed"
    old = [program for program in found if _older(program.version, wanted["at_least"])]
    return "; ".join(f"{program.name} has the version {program.version or '(none)'}, not at least {wanted['at_least']}" for program in old)


def _older(version: str, least: str) -> bool:
    """Versions are compared number by number; one that is no version is taken for old."""
    if not _VERSION.fullmatch(version):
        return True
    have, need = ([int(part) for part in text.split(".")] for text in (version, least))
    return have + [0] * (len(need) - len(have)) < need
