# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The password and lockout policy of local accounts, as ``{minimum_length: {at_least: 14}, complexity: true}``.

Ages and times are in days and minutes. A password that never expires, an account that is never locked, and a lockout that only an
administrator ends have no number: they are ``never``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind, evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.windows.security import account_policy


class WindowsAccountPolicy(WindowsKind):
    name = "windows_account_policy"
    names = account_policy.NAMES

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        found = account_policy.read(self.system.registry)[name]
        return evaluated(wanted, found, account_policy.PATH, f"the policy {name.replace('_', ' ')}")
