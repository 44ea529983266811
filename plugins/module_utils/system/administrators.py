# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who can log in to a host and become root there, and whether anybody could after a change.

Accounts of a directory are not known here; nor is a way to root that is no
rule of sudo for all commands and no password of root for su.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system import sudoers
from ansible_collections.hygeia.golden.plugins.module_utils.system.account_files import Account, AccountFiles
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import stack as pam_stack
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

KEYS = (".ssh/authorized_keys", ".ssh/authorized_keys2")
ALL = "ALL"


@dataclass(frozen=True)
class After:
    """What a change would make of the ways to root; as it stands it makes nothing of them."""

    sudo: bool = True
    sudo_asks: bool = False  # also those whom no rule excepts
    roots_password: bool = False  # is what sudo asks for
    su_group: str | None = None
    empty_passwords: bool = True


NOW = After()


class Administrators:
    """The accounts of a host with the rules of sudo and of su."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._files = AccountFiles(host)

    def lost(self, **change: Any) -> str:
        """Who becomes root now, in words, when nobody could any more after a change; else an empty string."""
        after = After(**change)
        people = self.people()
        if people:
            return " and ".join(people) if not self.people(after) else ""
        return "root" if self._secret("root", NOW) and not self._secret("root", after) else ""

    def people(self, after: After = NOW) -> list[str]:
        """Who logs in with an account of his own and becomes root."""
        entering = [account for account in self._accounts if self._keys(account) or self._secret(account.name, after)]
        return [account.name for account in entering if self._by_sudo(account, after) or self._by_su(account, after)]

    def lockable(self, even_root: bool) -> str:
        """Who becomes root now, in words, when wrong passwords could keep everybody from it; else an empty string."""
        by_key = [account for account in self._accounts if self._keys(account) and self._asked(account) is False]
        if by_key or (not even_root and self._secret("root", NOW)):
            return ""
        return " and ".join(self.people()) or ("root" if self._secret("root", NOW) else "")

    @cached_property
    def _accounts(self) -> list[Account]:
        """The accounts in which somebody else than root can work."""
        return [account for account in self._files.accounts if account.number and self._files.opens_session(account)]

    def _secret(self, name: str, after: After) -> bool:
        """Is there a password that opens the account?"""
        password = self._files.passwords.get(name)
        return password is not None and (password.usable or (after.empty_passwords and password.hash == ""))

    def _keys(self, account: Account) -> bool:
        lines = (line.strip(BLANKS) for name in KEYS for line in self.host.lines(f"{account.home.rstrip('/')}/{name}"))
        return any(line and not line.startswith("#") for line in lines)

    def _by_sudo(self, account: Account, after: After) -> bool:
        asked = self._asked(account, after.sudo_asks)
        if asked is None or not after.sudo:
            return False
        return not asked or self._secret("root" if after.roots_password else account.name, after)

    def _by_su(self, account: Account, after: After) -> bool:
        group = self._su_group if after.su_group is None else after.su_group
        return self._secret("root", after) and (group is None or account.name in self._members(group))

    def _members(self, name: str) -> list[str]:
        group = next((group for group in self._files.groups if group.name == name), None)
        return self._files.members(group) if group else []

    @cached_property
    def _su_group(self) -> str | None:
        """The group whose members alone may use su, or None when everybody may (pam_wheel(8))."""
        text = self.host.read("/etc/pam.d/su") or ""
        rules = (rule for unused_line, rule in pam_stack.entries(text, "auth", pam_stack.ends_at_gaps(self.host)))
        found = next((rule for rule in rules if pam_stack.asks_for_a_group(rule)), None)
        if not found:
            return None
        groups = [group.name for group in self._files.groups]
        return found.argument("group") or ("wheel" if "wheel" in groups else "root")

    def _asked(self, account: Account, always: bool = False) -> bool | None:
        """Does sudo ask an account for a password before it runs any command as root? None when it runs none."""
        answer = None
        for members, tag in self._rules:
            if self._matches(account, members):
                default = always or self._asked_by_default
                answer = default if tag is None else tag
        return answer

    @cached_property
    def _sudoers(self) -> dict[str, list[dict[str, Any]]]:
        try:
            return sudoers.parsed(self.host, "-e")
        except RuntimeError:  # no sudo, or one that would not read its configuration
            return {}

    @cached_property
    def _asked_by_default(self) -> bool:
        options = (option for default in self._sudoers.get("Defaults", []) if "Binding" not in default for option in default["Options"])
        values = [option["authenticate"] for option in options if "authenticate" in option]
        return values[-1] if values else True

    @cached_property
    def _rules(self) -> list[tuple[list[dict[str, Any]], bool | None]]:
        """For each rule that gives all of root's commands: whom, and whether its own tag has sudo ask (None without one)."""
        found = []
        for specification in self._sudoers.get("User_Specs", []):
            for grant in specification["Cmnd_Specs"]:
                commands = {entry.get("command") for entry in grant["Commands"] if not entry.get("negated")}
                targets = {member.get("username") for member in grant.get("runasusers", [{"username": "root"}])}
                options = {name: value for option in grant.get("Options", []) for name, value in option.items()}
                if ALL in commands and targets & {ALL, "root"}:
                    found.append((specification["User_List"], options.get("authenticate")))
        return found

    def _matches(self, account: Account, members: list[dict[str, Any]]) -> bool:
        """The last member of a list that fits an account decides (sudoers(5))."""
        answer = False
        for member in members:
            fits = member.get("username") in (ALL, account.name) or member.get("userid") == account.number
            fits = fits or account.name in self._members(member.get("usergroup", ""))
            answer = not member.get("negated", False) if fits else answer
        return answer
