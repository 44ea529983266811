# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Local accounts and groups, as ``{guest_enabled: false, administrators: [Administrator]}``.

- ``administrator_name``, ``guest_name``, ``administrator_enabled``, ``guest_enabled``: the two built-in accounts, by their numbers.
- ``enabled``: the accounts that may be enabled, and no other.
- ``without_password``: enabled accounts that have no password; ``password_not_required``: that may have none.
- ``password_never_expires``: enabled accounts whose password never expires.
- ``administrators``, ``remote_desktop_users``, ``remote_management_users``, ``backup_operators``: the members that a group may have.

Where a list is expected, it names what is tolerated. No hash of a password is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind, evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.expectation import Found
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.windows.security import accounts
from ansible_collections.hygeia.golden.plugins.module_utils.windows.security.accounts import ADMINISTRATOR, GUEST, Account

_BUILT_IN = {"administrator": ADMINISTRATOR, "guest": GUEST}


class WindowsAccounts(WindowsKind):
    name = "windows_accounts"
    names = (
        *(f"{account}_{field}" for account in _BUILT_IN for field in ("name", "enabled")),
        "enabled",
        "without_password",
        "password_not_required",
        "password_never_expires",
        *accounts.GROUPS,
    )

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        users = accounts.users(self.system.registry)
        account, unused_bar, field = name.partition("_")
        if account in _BUILT_IN and field in ("name", "enabled"):
            found = next((user for user in users if user.number == _BUILT_IN[account]), None)
            if found is None:
                return Observation(status=result.NOT_APPLICABLE, message=f"there is no account with the number {_BUILT_IN[account]}")
            return evaluated(
                wanted, found.name if field == "name" else found.enabled, accounts.USERS, f"{field} of the built-in account {account}"
            )
        if name in accounts.GROUPS:
            return evaluated(
                wanted, accounts.members(self.system.registry, name, users), accounts.ALIASES, f"the group {name.replace('_', ' ')}"
            )
        return evaluated(wanted, self._named(name, users), accounts.USERS, f"the list of accounts {name.replace('_', ' ')}")

    @staticmethod
    def _named(name: str, users: list[Account]) -> Found:
        enabled = [user for user in users if user.enabled]
        if name == "enabled":
            return [user.name for user in enabled]
        return [user.name for user in enabled if getattr(user, name)]
