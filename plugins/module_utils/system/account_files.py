# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a system's own account files say, each read once: passwd(5), shadow(5), group(5), gshadow(5), shells(5), login.defs(5)."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.numbers import number
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

# As many files whose names begin with a dot are looked at in one home: anybody can make a million.
MOST = 10_000

# What says that there is no such file or directory: also a link without an end, and a name that no path can have.
_NOTHING = (FileNotFoundError, NotADirectoryError, OddFile, ValueError)

PASSWD, SHADOW, GROUP, GSHADOW = "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"
SHELLS, LOGIN_DEFS = "/etc/shells", "/etc/login.defs"
FIELDS = {PASSWD: 7, SHADOW: 9, GROUP: 4, GSHADOW: 4}

# Programs that stand in the place of a shell and open no session.
_CLOSED = frozenset("nologin false sync halt shutdown true".split())
_DEFAULT_SHELLS = ("/bin/sh", "/bin/csh")  # getusershell(3)
# The prefixes of crypt(5).
_HASHES = (
    ("$gy$", "gost-yescrypt"),
    ("$y$", "yescrypt"),
    ("$7$", "scrypt"),
    ("$6$", "sha512"),
    ("$5$", "sha256"),
    ("$2", "bcrypt"),
    ("$sha1", "sha1"),
    ("$md5", "sunmd5"),
    ("$1$", "md5"),
    ("$3$", "nt"),
    ("_", "bsdi"),
)


@dataclass(frozen=True)
class Account:
    name: str
    password: str
    number: int
    group: int
    home: str
    shell: str


@dataclass(frozen=True)
class Password:
    """A line of shadow; a number that is not set is None."""

    name: str
    hash: str
    changed: int | None
    least: int | None
    most: int | None
    warning: int | None
    inactive: int | None
    end: int | None

    @property
    def usable(self) -> bool:
        """Is there a password that opens a login?"""
        return bool(self.hash) and self.hash[0] not in "!*"

    @property
    def algorithm(self) -> str:
        """How the password is kept, or nothing where there is none."""
        text = self.hash.lstrip("!")
        if not text or text.startswith("*"):
            return ""
        return next((name for prefix, name in _HASHES if text.startswith(prefix)), "des")


@dataclass(frozen=True)
class Group:
    name: str
    password: str
    number: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A file of a home, by its name below the home."""

    name: str
    path: str
    owner: int
    group: int
    mode: int


class AccountFiles:
    """The account files of a host; a line that is no entry is left to ``malformed``."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def _rows(self, path: str) -> list[list[str]]:
        return [line.split(":") for line in self.host.lines(path) if line.strip(BLANKS) and not line.startswith("#")]

    @cached_property
    def malformed(self) -> list[tuple[str, int]]:
        """Lines that programs read in different ways, as (path, number of the line)."""
        found = []
        for path, fields in FIELDS.items():
            for place, line in enumerate(self.host.lines(path), 1):
                row = line.split(":")
                numbers = {PASSWD: row[2:4], GROUP: row[2:3]}.get(path, [])
                if len(row) != fields or not row[0] or None in map(number, numbers):
                    found.append((path, place))
        return found

    @cached_property
    def accounts(self) -> list[Account]:
        rows = [row for row in self._rows(PASSWD) if len(row) == 7 and None not in map(number, row[2:4])]
        return [Account(row[0], row[1], int(row[2]), int(row[3]), row[5], row[6]) for row in rows]

    @cached_property
    def passwords(self) -> dict[str, Password]:
        rows = [row + [""] * 9 for row in self._rows(SHADOW) if len(row) > 1]
        return {row[0]: Password(row[0], row[1], *map(_number, row[2:8])) for row in rows}

    @cached_property
    def groups(self) -> list[Group]:
        rows = [row for row in self._rows(GROUP) if len(row) == 4 and number(row[2]) is not None]
        return [Group(row[0], row[1], int(row[2]), tuple(filter(None, row[3].split(",")))) for row in rows]

    @cached_property
    def group_passwords(self) -> dict[str, str]:
        """What stands in the place of each group's password."""
        kept = {row[0]: row[1] for row in self._rows(GSHADOW) if len(row) > 1}
        return {group.name: kept.get(group.name, "") if group.password == "x" else group.password for group in self.groups}

    @cached_property
    def shells(self) -> list[str]:
        """The shells that a login may have (shells(5))."""
        if not self.host.exists(SHELLS):
            return list(_DEFAULT_SHELLS)
        return [line.strip(BLANKS) for line in self.host.lines(SHELLS) if line.startswith("/")]

    @cached_property
    def least_user(self) -> int:
        """The lowest number of an account that is a person's."""
        least = number(self.login_defs("UID_MIN", "1000"))
        return 1000 if least is None else least

    def login_defs(self, name: str, default: str) -> str:
        values = [found[1] for found in (re.match(rf"\s*{name}\s+(\S+)", line, re.A) for line in self.host.lines(LOGIN_DEFS)) if found]
        return values[-1] if values else default

    def opens_session(self, account: Account) -> bool:
        """Can this account's shell be used? An empty one is /bin/sh (passwd(5))."""
        shell = account.shell or "/bin/sh"
        return shell in self.shells and os.path.basename(shell) not in _CLOSED

    def closed(self, account: Account) -> bool:
        """Is the account's shell a program that turns everybody away?"""
        return os.path.basename(account.shell) in _CLOSED

    @cached_property
    def people(self) -> list[Account]:
        """The accounts in which somebody can work: root and those of persons."""
        return [account for account in self.accounts if self.opens_session(account)]

    def members(self, group: Group) -> list[str]:
        """Who is in a group, by its list and as its own first group."""
        own = [account.name for account in self.accounts if account.group == group.number]
        return list(dict.fromkeys([*group.members, *own]))

    # -- homes --------------------------------------------------------------------

    @cached_property
    def homes(self) -> dict[str, Entry | None]:
        """The home directory of each person, as ``{name: Entry}``; one that is not there is None."""
        return {account.name: self._entry("", account.home) for account in self.people}

    @cached_property
    def dot_files(self) -> dict[str, list[Entry]]:
        """The files in each home whose names begin with a dot, and those of .ssh, as ``{name: [Entry]}``."""
        return {account.name: list(self._dot_files(account.home)) for account in self.people if self.homes[account.name]}

    def crowded(self, account: Account) -> bool:
        """Are there more such files in a home than are looked at?"""
        return len(self.dot_files.get(account.name, ())) >= MOST

    def _dot_files(self, home: str) -> Iterator[Entry]:
        for directory in ("", ".ssh/"):
            try:
                with os.scandir(self.host.place(f"{home}/{directory}")) as entries:
                    those = (
                        entry.name
                        for entry in entries
                        if (directory or entry.name.startswith(".")) and entry.is_file(follow_symlinks=False)
                    )
                    names = sorted(islice(those, MOST))
            except _NOTHING:
                continue
            found = (self._entry(directory + name, f"{home}/{directory}{name}") for name in names)
            yield from filter(None, found)  # what has just gone is none

    def _entry(self, name: str, path: str) -> Entry | None:
        try:
            found = os.stat(self.host.place(path))
        except _NOTHING:
            return None
        if not name and not stat.S_ISDIR(found.st_mode):
            return None
        return Entry(name, path, found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))


def _number(text: str) -> int | None:
    """A number of days; one that is not set, or is none, is None."""
    size = number(text.lstrip("-"))
    return -size if size is not None and text.startswith("-") else size
