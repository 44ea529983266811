# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service, as ``{Spooler: disabled}``: how it starts (boot, system, automatic, manual or disabled).

``NAME.account`` is the account that it runs as, ``NAME.command`` its command line. A service that is not installed starts as little
as one that is disabled, and has neither an account nor a command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind, evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.expectation import Found, problems
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.windows import services

ACCOUNT, COMMAND = ".account", ".command"


class WindowsService(WindowsKind):
    name = "windows_service"

    @classmethod
    def check(cls, name: str, value: Value) -> Mapping[str, Any]:
        wanted = super().check(name, value)
        if not name.endswith((ACCOUNT, COMMAND)):
            given = [each for each in (wanted.get("equals"), *wanted.get("one_of", ()), *wanted.get("none_of", ())) if each is not None]
            for start in given:
                if start not in services.STARTS.values():
                    raise BadSetting(f"{cls.name}: {name} can be {', '.join(services.STARTS.values())}, not {start}")
        return wanted

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        service, dot, field = name.rpartition(".")
        if dot + field not in (ACCOUNT, COMMAND):
            service, field = name, ""
        found = services.service(self.system.registry, service)
        path = f"{services.SERVICES}\\{service}"
        if found is None:
            return self._not_installed(name, wanted, path, field)
        seen: Found = {"": found.start, "account": found.account, "command": found.command}[field]
        label = {"": f"the start of the service {service}", "account": f"the account of the service {service}"}
        return evaluated(wanted, seen, path, label.get(field, f"the command line of the service {service}"))

    @staticmethod
    def _not_installed(name: str, wanted: Mapping[str, Any], path: str, field: str) -> Observation:
        if field:
            return Observation(status=result.NOT_APPLICABLE, message=f"there is no service {name.rpartition('.')[0]}")
        wrong = problems(wanted, services.DISABLED) and not wanted.get("absent")
        message = f"the service {name} is not installed" if wrong else ""
        return Observation("not installed", path, message, result.FAIL if wrong else result.PASS)
