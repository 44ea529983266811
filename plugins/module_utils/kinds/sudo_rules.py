# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do what with sudo, as ``{without_password: [], unrestricted: [root, "%sudo"]}``: to be observed, never to be written.

Each value lists what is tolerated; a group has a percent sign, as in sudoers(5).

- ``without_password``: who runs a command as another user without proving who he is.
- ``unrestricted``: who runs every command as root.
- ``everybody``: the commands that every user may run.
- ``exclusions``: the commands that a rule takes from somebody who has all others, which keeps nobody from them.
- ``folders``: where sudo reads rules.
"""

from __future__ import annotations

import json
import os

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import sudoers
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.altered import Altered
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Observation, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.sudo import Sudo

NAMES = ("without_password", "unrestricted", "everybody", "exclusions", "folders")
ALL = "ALL"
# What the members of a user list are called in the parser's output, and how sudoers(5) writes them.
_SIGNS = {"username": "", "userid": "#", "usergroup": "%", "usergid": "%#", "netgroup": "+", "nonunixgroup": "%:", "nonunixgid": "%:#"}


class SudoRules(Observed):
    name = "sudo_rules"

    def absent(self):
        return Sudo(self.host).absent()

    def check(self, wanted):
        for name, value in wanted.items():
            if name not in NAMES or not isinstance(value, list):
                raise BadSetting(f"sudo_rules: {name} cannot be {value!r}; a list is expected for one of {', '.join(NAMES)}")

    def look(self, wanted):
        ran = self.host.run(["cvtsudoers", "-e", "-f", "json", sudoers.MAIN])
        if not ran.ok:
            raise RuntimeError(f"sudo's parser cannot read its configuration: {ran.complaint}")
        found = _found(json.loads(ran.out or "{}").get("User_Specs", []))
        found["folders"] = {os.path.dirname(path) for path in sudoers.files(Altered(self.host, {}))}
        return {name: self._observation(sorted(found[name]), tolerated) for name, tolerated in wanted.items()}

    @staticmethod
    def _observation(values, tolerated):
        told = [value for value in values if value not in tolerated]
        return Observation(values, "cvtsudoers", f"not provided for: {', '.join(told)}" if told else "")


def _found(specifications):
    """What the rules give to whom."""
    found = {name: set() for name in NAMES}
    for specification in specifications:
        users = {_named(member) for member in specification["User_List"]}
        for grant in specification["Cmnd_Specs"]:
            options = {name: value for option in grant.get("Options", []) for name, value in option.items()}
            commands = {entry.get("command", "") for entry in grant["Commands"] if not entry.get("negated")}
            taken = {entry.get("command", "") for entry in grant["Commands"] if entry.get("negated")}
            found["exclusions"] |= taken if ALL in commands else set()
            found["without_password"] |= users if options.get("authenticate") is False else set()
            found["everybody"] |= commands if ALL in users else set()
            found["unrestricted"] |= users if ALL in commands and _as_root(grant) else set()
    return found


def _as_root(grant):
    """May the commands be run as root? Without a list of users they are run as root alone."""
    return any(member.get("username") in (ALL, "root") for member in grant.get("runasusers", [{"username": "root"}]))


def _named(member):
    """A member of a user list as sudoers(5) writes it."""
    for kind, sign in _SIGNS.items():
        if kind in member:
            return f"{'!' if member.get('negated') else ''}{sign}{member[kind]}"
    return str(member)
