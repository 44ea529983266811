# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do what with sudo, as ``{without_password: [], unrestricted: [root, "%sudo"]}``: to be observed, never to be written.

Each value lists what is tolerated; a group has a percent sign, as in sudoers(5).

- ``without_password``: who runs a command as another user without proving who he is.
- ``unrestricted``: who runs every command as root.
- ``everybody``: the commands that every user may run.
- ``exclusions``: the commands that a rule takes from somebody who has all others, which keeps nobody from them.
- ``directories``: where sudo reads rules.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.sudo import Sudo
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system import sudoers
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import PendingFiles

NAMES = ("without_password", "unrestricted", "everybody", "exclusions", "directories")
ALL = "ALL"


class SudoRules(Observed):
    name = "sudo_rules"

    def absent(self) -> str:
        return Sudo(self.host).absent()

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            if name not in NAMES or not isinstance(value, list):
                raise BadSetting(f"sudo_rules: {name} cannot be {value!r}; a list is expected for one of {', '.join(NAMES)}")

    def inspect(self, wanted: Settings) -> Observations:
        found = _found(sudoers.parsed(self.host, "-e").get("User_Specs", []))
        found["directories"] = {os.path.dirname(path) for path in sudoers.files(PendingFiles(self.host, {}))}
        return {name: self._observation(sorted(found[name]), tolerated) for name, tolerated in wanted.items()}

    @staticmethod
    def _observation(values: list[str], tolerated: list[str]) -> Observation:
        unexpected = [value for value in values if value not in tolerated]
        return Observation(values, "cvtsudoers", f"not provided for: {', '.join(unexpected)}" if unexpected else "")


def _found(specifications: list[dict[str, list[dict[str, Any]]]]) -> dict[str, set[str]]:
    """What the rules give to whom."""
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    for specification in specifications:
        users = {sudoers.member(member) for member in specification["User_List"] if not member.get("negated")}
        for grant in specification["Cmnd_Specs"]:
            options = {name: value for option in grant.get("Options", []) for name, value in option.items()}
            commands = {entry.get("command", "") for entry in grant["Commands"] if not entry.get("negated")}
            taken = {entry.get("command", "") for entry in grant["Commands"] if entry.get("negated")}
            found["exclusions"] |= taken if ALL in commands else set()
            found["without_password"] |= users if options.get("authenticate") is False else set()
            found["everybody"] |= commands if ALL in users else set()
            found["unrestricted"] |= users if ALL in commands and _as_root(grant) else set()
    return found


def _as_root(grant: Mapping[str, list[dict[str, bool | str]]]) -> bool:
    """May the commands be run as root? Without a list of users they are run as root alone."""
    return any(member.get("username") in (ALL, "root") for member in grant.get("runasusers", [{"username": "root"}]))
