# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A user right, as ``{SeDebugPrivilege: [Administrators]}``: the accounts and groups that may have it, and no other.

``{contains: [Guests]}`` names those that must have it, for rights that deny something. Accounts that every Windows has are
named in English, others by their security identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind, evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.windows.security import user_rights


class WindowsUserRight(WindowsKind):
    name = "windows_user_right"
    names = tuple(user_rights.RIGHTS)

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        holders = user_rights.read(self.system.registry).get(name, [])
        return evaluated(wanted, holders, user_rights.PATH, f"the user right {name}")
