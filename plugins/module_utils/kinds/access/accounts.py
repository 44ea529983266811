# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether accounts and groups are in order, as ``{superusers: [root], members.shadow: [], password_max_days: 365}``.

A list names what is tolerated; ``password_hashes``, ``root_login`` and the numbers say what is allowed, and
``endless_accounts`` lists the names, with asterisks, of accounts that must end on a day. Accounts are observed and never
changed: what is wrong with one is for people to settle. Only a group that ``members.NAME`` speaks about is made, when
there is none.
"""

from __future__ import annotations

import fnmatch
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system import account_files as files
from ansible_collections.hygeia.golden.plugins.module_utils.system.account_files import AccountFiles
from ansible_collections.hygeia.golden.plugins.module_utils.system.root_shell import RootShell
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import no_fewer_bits
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

MEMBERS = "members."
# What a login gives root where login.defs(5) says nothing.
ROOT_PATH = "PATH=/sbin:/bin:/usr/sbin:/usr/bin"
# Files of a home that hold what only their owner may know.
SECRET = re.compile(
    r"\.netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.\w+_history|\.ssh/(?!.*\.pub$|known_hosts|authorized_keys|config$|environment$).*",
    re.A,
)
_SHOWN = 20
# Who or what is not as it should be, and why.
_Finding = tuple[str, str]
# Whether a value can be wanted, and what one is.
_Form = tuple[Callable[[Value], bool], str]


class _Data(AccountFiles):
    """The files, and root's login shell, which is started once and only when it is asked for."""

    @cached_property
    def root_shell(self) -> RootShell:
        root = next((account for account in self.accounts if account.name == "root"), None)
        if not root:
            raise RuntimeError("there is no root whose login shell could be asked")
        return RootShell(self.host, root, self.login_defs("ENV_SUPATH", ROOT_PATH).partition("PATH=")[2])


class Accounts(Kind):
    name = "accounts"

    def absent(self) -> str:
        return "" if self.host.exists(files.PASSWD) else f"there is no {files.PASSWD}"

    # -- enforcing ------------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        _express(wanted)
        there = {group.name for group in AccountFiles(self.host).groups}
        asked = [name[len(MEMBERS) :] for name in wanted if name.startswith(MEMBERS)]
        return Plan([self._made(group) for group in asked if group not in there])

    def _made(self, group: str) -> Change:
        def make() -> None:
            ran = self.host.run(["groupadd", "--system", group])
            if not ran.ok:
                raise RuntimeError(f"the group {group} could not be made: {ran.error}")

        return Change(files.GROUP, "", f"{group}\n", frozenset([MEMBERS + group]), make)

    # -- observing --------------------------------------------------------------------

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """What is observed is what is wrong."""
        return not value

    def observe(self, wanted: Settings) -> Observations:
        _express(wanted)
        data = _Data(self.host)
        return {name: _observation(data, name, value) for name, value in wanted.items()}


def _observation(data: _Data, name: str, wanted: Value) -> Observation:
    if name.startswith(MEMBERS):
        place, found = files.GROUP, _members(data, name[len(MEMBERS) :])
    elif name in TOLERATING:
        place, look = TOLERATING[name]
        found = list(look(data))
    else:
        place, judge, unused_form = ALLOWING[name]
        try:
            found = list(judge(data, wanted))
        except RuntimeError as problem:
            return Observation(status=result.ERROR, message=str(problem))
    found = [(who, why) for who, why in found if name in ALLOWING or who not in wanted]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    message = "; ".join(dict.fromkeys(why for unused_who, why in found[:_SHOWN]))
    return Observation(list(dict.fromkeys(who for who, unused_why in found)), place, message + more)


# -- names and numbers ---------------------------------------------------------------------


def _repeated(things: Iterable[object], what: str) -> list[_Finding]:
    return [(str(thing), f"{times} {what} {thing}") for thing, times in Counter(things).items() if times > 1]


def _duplicate_user_names(data: _Data) -> list[_Finding]:
    return _repeated((account.name for account in data.accounts), "accounts are called")


def _duplicate_user_ids(data: _Data) -> list[_Finding]:
    return _repeated((account.number for account in data.accounts), "accounts have the number")


def _duplicate_group_names(data: _Data) -> list[_Finding]:
    return _repeated((group.name for group in data.groups), "groups are called")


def _duplicate_group_ids(data: _Data) -> list[_Finding]:
    return _repeated((group.number for group in data.groups), "groups have the number")


def _superusers(data: _Data) -> list[_Finding]:
    return [(account.name, f"{account.name} has the number 0 and with it root's rights") for account in data.accounts if not account.number]


def _root_group_accounts(data: _Data) -> list[_Finding]:
    return [(account.name, f"the own group of {account.name} is root's") for account in data.accounts if not account.group]


def _root_groups(data: _Data) -> list[_Finding]:
    return [(group.name, f"the group {group.name} has the number of root's") for group in data.groups if not group.number]


def _unknown_groups(data: _Data) -> list[_Finding]:
    known = {group.number for group in data.groups}
    return [(each.name, f"the own group {each.group} of {each.name} does not exist") for each in data.accounts if each.group not in known]


def _malformed_lines(data: _Data) -> list[_Finding]:
    return [(f"{path}:{number}", f"{path}:{number} is not an entry that every program reads alike") for path, number in data.malformed]


def _members(data: _Data, name: str) -> list[_Finding]:
    group = next((group for group in data.groups if group.name == name), None)
    if not group:
        return [(name, f"there is no group {name}")]
    return [(member, f"{member} is a member of {name}") for member in data.members(group)]


# -- shells ------------------------------------------------------------------------------


def _system_accounts_with_shell(data: _Data) -> list[_Finding]:
    """Accounts of programs, which nobody logs in to."""
    programs = [account for account in data.accounts if 0 < account.number < data.least_user or account.name == "nobody"]
    return [
        (each.name, f"{each.name} is a system's account and has the shell {each.shell}") for each in programs if data.opens_session(each)
    ]


def _unlocked_without_shell(data: _Data) -> list[_Finding]:
    shut = [account for account in data.accounts if account.number and not data.opens_session(account)]
    open_ones = [each for each in shut if each.name in data.passwords and data.passwords[each.name].usable]
    return [(each.name, f"{each.name} has no shell but a password that is good elsewhere") for each in open_ones]


def _unlisted_shells(data: _Data) -> list[_Finding]:
    odd = [each for each in data.accounts if not data.opens_session(each) and not data.closed(each)]
    return [(each.name, f"{each.name} has the shell {each.shell}, which {files.SHELLS} does not list") for each in odd]


def _nologin_shells(data: _Data) -> list[_Finding]:
    return [(shell, f"{files.SHELLS} lists {shell}") for shell in data.shells if shell.endswith("/nologin")]


# -- passwords -----------------------------------------------------------------------------


def _unshadowed(data: _Data) -> Iterator[_Finding]:
    for account in data.accounts:
        if account.password != "x":
            yield account.name, f"the password field of {account.name} is in {files.PASSWD}, which everybody reads"
        elif account.name not in data.passwords:
            yield account.name, f"{files.SHADOW} has no line for {account.name}"


def _empty_passwords(data: _Data) -> list[_Finding]:
    return [(name, f"{name} has an empty password") for name, password in data.passwords.items() if not password.hash]


def _group_passwords(data: _Data) -> list[_Finding]:
    kept = {name: password for name, password in data.group_passwords.items() if password.strip("!*")}
    return [(name, f"the group {name} has a password, which everybody who knows it shares") for name in kept]


def _future_passwords(data: _Data) -> list[_Finding]:
    tomorrow = time.time() / 86400 + 1
    late = [password for password in data.passwords.values() if password.changed is not None and password.changed > tomorrow]
    return [(password.name, f"the password of {password.name} was changed in the future") for password in late]


def _password_hashes(data: _Data, allowed: list[str]) -> list[_Finding]:
    kept = {name: password.algorithm for name, password in data.passwords.items() if password.algorithm}
    return [(name, f"the password of {name} is kept as {how}") for name, how in kept.items() if how not in allowed]


def _root_login(data: _Data, allowed: list[str]) -> list[_Finding]:
    root = data.passwords.get("root")
    state = "open" if not root or not root.hash else "password" if root.usable else "locked"
    return (
        []
        if state in allowed
        else [(state, {"open": "root has no password", "password": "root has a password"}.get(state, "root is locked"))]
    )


def _endless_accounts(data: _Data, patterns: list[str]) -> list[_Finding]:
    """Accounts, such as those of vendors, that were to end on a day."""
    named = [name for name in data.passwords if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
    return [(name, f"{name} has no day on which it ends") for name in named if data.passwords[name].end is None]


def _ages(field: str, wrong: Callable[[int, int], bool]) -> Callable[[_Data, int], Iterator[_Finding]]:
    """A check of a number that shadow keeps for each password that opens a login."""

    def look(data: _Data, limit: int) -> Iterator[_Finding]:
        for password in filter(lambda password: password.usable, data.passwords.values()):
            days = getattr(password, field)
            if wrong(-1 if days is None else days, limit):
                yield password.name, f"{password.name} has {'none' if days is None else days} instead of {limit}"

    return look


def _above(days: int, limit: int) -> bool:
    return not 0 <= days <= limit


def _below(days: int, limit: int) -> bool:
    return days < limit


# -- homes -----------------------------------------------------------------------------------


def _missing_homes(data: _Data) -> list[_Finding]:
    return [(name, f"the home of {name} is not there") for name, home in data.homes.items() if not home]


def _foreign_homes(data: _Data) -> list[_Finding]:
    numbers = {account.name: account.number for account in data.people}
    return [(name, f"{home.path} does not belong to {name}") for name, home in data.homes.items() if home and home.owner != numbers[name]]


def _home_mode(data: _Data, limit: str) -> list[_Finding]:
    """Root's own home is guarded by a mode of its own."""
    wide = {name: home for name, home in data.homes.items() if home and name != "root" and home.mode & ~int(limit, 8) & 0o777}
    return [(name, f"{home.path} has the mode {home.mode:04o}") for name, home in wide.items()]


def _dot_files(data: _Data, wrong: Callable[[files.Account, files.Entry], str]) -> Iterator[_Finding]:
    for account in data.people:
        if data.crowded(account):
            yield account.home, f"{account.home} holds more than {files.MOST} files whose names begin with a dot, so not all were looked at"
        for entry in data.dot_files.get(account.name, ()):
            why = wrong(account, entry)
            if why:
                yield entry.path, f"{entry.path} {why}"


def _open_dot_files(data: _Data) -> Iterator[_Finding]:
    return _dot_files(data, lambda unused_account, entry: "can be written by others" if entry.mode & 0o022 else "")


def _foreign_dot_files(data: _Data) -> Iterator[_Finding]:
    return _dot_files(data, lambda account, entry: "belongs to somebody else" if entry.owner not in (0, account.number) else "")


def _readable_secrets(data: _Data) -> Iterator[_Finding]:
    return _dot_files(
        data, lambda unused_account, entry: "can be read by others" if SECRET.fullmatch(entry.name) and entry.mode & 0o077 else ""
    )


def _forwarding_dot_files(data: _Data) -> Iterator[_Finding]:
    return _dot_files(data, lambda unused_account, entry: "sends mail elsewhere" if entry.name == ".forward" else "")


# -- root --------------------------------------------------------------------------------------


def _root_path(data: _Data, tolerated: list[str]) -> list[_Finding]:
    return [(entry, f"{entry} in root's path {wrong}") for entry, wrong in data.root_shell.weak_directories() if entry not in tolerated]


def _root_umask(data: _Data, wanted: str) -> list[_Finding]:
    umask = data.root_shell.umask
    return [] if no_fewer_bits(wanted, umask) else [(umask, f"root's login shell has the umask {umask}")]


# -- what there is ---------------------------------------------------------------------------------

# A list of what is tolerated: where it is read, and what finds everything of its sort.
TOLERATING: dict[str, tuple[str, Callable[[_Data], Iterable[_Finding]]]] = {
    "duplicate_user_names": (files.PASSWD, _duplicate_user_names),
    "duplicate_user_ids": (files.PASSWD, _duplicate_user_ids),
    "duplicate_group_names": (files.GROUP, _duplicate_group_names),
    "duplicate_group_ids": (files.GROUP, _duplicate_group_ids),
    "superusers": (files.PASSWD, _superusers),
    "root_group_accounts": (files.PASSWD, _root_group_accounts),
    "root_groups": (files.GROUP, _root_groups),
    "unknown_groups": (files.PASSWD, _unknown_groups),
    "malformed_lines": (files.PASSWD, _malformed_lines),
    "system_accounts_with_shell": (files.PASSWD, _system_accounts_with_shell),
    "unlocked_without_shell": (files.SHADOW, _unlocked_without_shell),
    "unlisted_shells": (files.PASSWD, _unlisted_shells),
    "nologin_shells": (files.SHELLS, _nologin_shells),
    "unshadowed": (files.PASSWD, _unshadowed),
    "empty_passwords": (files.SHADOW, _empty_passwords),
    "group_passwords": (files.GSHADOW, _group_passwords),
    "future_passwords": (files.SHADOW, _future_passwords),
    "missing_homes": (files.PASSWD, _missing_homes),
    "foreign_homes": (files.PASSWD, _foreign_homes),
    "open_dot_files": ("the homes", _open_dot_files),
    "foreign_dot_files": ("the homes", _foreign_dot_files),
    "readable_secrets": ("the homes", _readable_secrets),
    "forwarding_dot_files": ("the homes", _forwarding_dot_files),
}
_MODE: _Form = (lambda value: isinstance(value, str) and bool(re.fullmatch(r"0?[0-7]{3}", value)), 'octal digits in quotes, such as "0750"')
_LIST: _Form = (lambda value: isinstance(value, list), "a list")
_DAYS: _Form = (lambda value: isinstance(value, int) and not isinstance(value, bool), "a number of days")
# What is allowed: where it is read, what finds the rest, and what a value must be.
ALLOWING: dict[str, tuple[str, Callable[[_Data, Any], Iterable[_Finding]], _Form]] = {
    "password_hashes": (files.SHADOW, _password_hashes, _LIST),
    "root_login": (files.SHADOW, _root_login, _LIST),
    "endless_accounts": (files.SHADOW, _endless_accounts, _LIST),
    "password_max_days": (files.SHADOW, _ages("most", _above), _DAYS),
    "password_min_days": (files.SHADOW, _ages("least", _below), _DAYS),
    "password_warn_days": (files.SHADOW, _ages("warning", _below), _DAYS),
    "password_inactive_days": (files.SHADOW, _ages("inactive", _above), _DAYS),
    "home_mode": ("the homes", _home_mode, _MODE),
    "root_path": ("root's login shell", _root_path, _LIST),
    "root_umask": ("root's login shell", _root_umask, _MODE),
}


def _express(wanted: Settings) -> None:
    """Raise BadSetting for what is not known or makes no sense."""
    for name, value in wanted.items():
        if (name.startswith(MEMBERS) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name[len(MEMBERS) :])) or name in TOLERATING:
            form = _LIST
        elif name in ALLOWING:
            form = ALLOWING[name][2]
        else:
            raise BadSetting(f"accounts: there is no {name}; choose one of {', '.join([*TOLERATING, *ALLOWING])} or {MEMBERS}GROUP")
        right, description = form
        if not right(value):
            raise BadSetting(f"accounts: {name} is {description}, not {value!r}")
