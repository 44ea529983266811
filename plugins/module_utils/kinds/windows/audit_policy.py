# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The advanced audit policy, as ``{Logon: [success, failure]}``: what is audited of a subcategory at least.

The names of the subcategories are those that ``auditpol`` has in English. What is set under ``Local Policies`` counts only where
the subcategories do not, which is for a control of its own (``SCENoApplyLegacyAuditPolicy``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind, evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.windows.security import audit_policy

EVENTS = ("success", "failure")


class WindowsAuditPolicy(WindowsKind):
    name = "windows_audit_policy"
    names = tuple(name for names in audit_policy.SUBCATEGORIES.values() for name in names)

    @classmethod
    def check(cls, name: str, value: Value) -> Mapping[str, Any]:
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list) or not given or not set(map(str, given)) <= set(EVENTS):
            raise BadSetting(f"{cls.name}: {name} is success, failure, or a list of both, not {value!r}")
        return super().check(name, {"contains": given})

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        found = audit_policy.read(self.system.registry)
        if name not in found:
            return Observation(status=result.NOT_APPLICABLE, message=f"this release of Windows has no subcategory {name}")
        return evaluated(wanted, found[name], audit_policy.PATH, f"the audit policy {name}")
