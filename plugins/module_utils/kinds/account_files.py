# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a system's own account files say, each read once: passwd(5), shadow(5), group(5), gshadow(5), shells(5), login.defs(5)."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from functools import cached_property

PASSWD, SHADOW, GROUP, GSHADOW = "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"
SHELLS, LOGIN_DEFS = "/etc/shells", "/etc/login.defs"
FIELDS = {PASSWD: 7, SHADOW: 9, GROUP: 4, GSHADOW: 4}

# Programs that stand in the place of a shell and open no session.
_CLOSED = frozenset("nologin false sync halt shutdown true".split())
_DEFAULT_SHELLS = ("/bin/sh", "/bin/csh")  # getusershell(3)
# The prefixes of crypt(5).
_HASHES = (
    ("$gy$", "gost-yescrypt"), ("$y$", "yescrypt"), ("$7$", "scrypt"), ("$6$", "sha512"), ("$5$", "sha256"), ("$2", "bcrypt"),
    ("$sha1", "sha1"), ("$md5", "sunmd5"), ("$1$", "md5"), ("$3$", "nt"), ("_", "bsdi"),
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
    def usable(self):
        """Is there a password that opens a login?"""
        return bool(self.hash) and self.hash[0] not in "!*"

    @property
    def algorithm(self):
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
    members: tuple


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

    def __init__(self, host):
        self.host = host

    def _rows(self, path):
        return [line.split(":") for line in self.host.lines(path) if line.strip() and not line.startswith("#")]

    @cached_property
    def malformed(self):
        """Lines that programs read in different ways, as (path, number of the line)."""
        found = []
        for path, fields in FIELDS.items():
            for number, line in enumerate(self.host.lines(path), 1):
                row = line.split(":")
                numbers = {PASSWD: row[2:4], GROUP: row[2:3]}.get(path, [])
                if len(row) != fields or not row[0] or not all(text.isdigit() for text in numbers):
                    found.append((path, number))
        return found

    @cached_property
    def accounts(self):
        rows = [row for row in self._rows(PASSWD) if len(row) == 7 and row[2].isdigit() and row[3].isdigit()]
        return [Account(row[0], row[1], int(row[2]), int(row[3]), row[5], row[6]) for row in rows]

    @cached_property
    def passwords(self):
        rows = [row + [""] * 9 for row in self._rows(SHADOW) if len(row) > 1]
        return {row[0]: Password(row[0], row[1], *map(_number, row[2:8])) for row in rows}

    @cached_property
    def groups(self):
        rows = [row for row in self._rows(GROUP) if len(row) == 4 and row[2].isdigit()]
        return [Group(row[0], row[1], int(row[2]), tuple(filter(None, row[3].split(",")))) for row in rows]

    @cached_property
    def group_passwords(self):
        """What stands in the place of each group's password."""
        kept = {row[0]: row[1] for row in self._rows(GSHADOW) if len(row) > 1}
        return {group.name: kept.get(group.name, "") if group.password == "x" else group.password for group in self.groups}

    @cached_property
    def shells(self):
        """The shells that a login may have (shells(5))."""
        if not self.host.exists(SHELLS):
            return list(_DEFAULT_SHELLS)
        return [line.strip() for line in self.host.lines(SHELLS) if line.startswith("/")]

    @cached_property
    def least_user(self):
        """The lowest number of an account that is a person's."""
        return int(self.login_defs("UID_MIN", "1000"))

    def login_defs(self, name, default):
        values = [found[1] for found in (re.match(rf"\s*{name}\s+(\S+)", line) for line in self.host.lines(LOGIN_DEFS)) if found]
        return values[-1] if values else default

    def opens_session(self, account):
        """Can this account's shell be used? An empty one is /bin/sh (passwd(5))."""
        shell = account.shell or "/bin/sh"
        return shell in self.shells and os.path.basename(shell) not in _CLOSED

    def closed(self, account):
        """Is the account's shell a program that turns everybody away?"""
        return os.path.basename(account.shell) in _CLOSED

    @cached_property
    def people(self):
        """The accounts in which somebody can work: root and those of persons."""
        return [account for account in self.accounts if self.opens_session(account)]

    def members(self, group):
        """Who is in a group, by its list and as its own first group."""
        own = [account.name for account in self.accounts if account.group == group.number]
        return list(dict.fromkeys([*group.members, *own]))

    # -- homes --------------------------------------------------------------------

    @cached_property
    def homes(self):
        """The home folder of each person, as ``{name: Entry}``; one that is not there is None."""
        return {account.name: self._entry("", account.home) for account in self.people}

    @cached_property
    def dot_files(self):
        """The files in each home whose names begin with a dot, and those of .ssh, as ``{name: [Entry]}``."""
        return {account.name: list(self._dot_files(account.home)) for account in self.people if self.homes[account.name]}

    def _dot_files(self, home):
        for folder in ("", ".ssh/"):
            try:
                with os.scandir(self.host.path(f"{home}/{folder}")) as entries:
                    names = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
            except (FileNotFoundError, NotADirectoryError):
                continue
            for name in names:
                if folder or name.startswith("."):
                    yield self._entry(folder + name, f"{home}/{folder}{name}")

    def _entry(self, name, path):
        try:
            found = os.stat(self.host.path(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not name and not stat.S_ISDIR(found.st_mode):
            return None
        return Entry(name, path, found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))


def _number(text):
    return int(text) if re.fullmatch(r"-?\d+", text) else None
