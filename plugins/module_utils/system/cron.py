# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What cron starts by itself, as Debian's cron reads its tables (crontab(5)).

A table in which one line is wrong does nothing at all. cronie, the cron of Enterprise Linux, passes over that line
alone. Whether a user of a table exists is not judged, for a directory service may know them.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system import crontab_times
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

SYSTEM = ("/etc/crontab", "/etc/cron.d/*")
USERS = ("/var/spool/cron/crontabs/*", "/var/spool/cron/*")
# Directories of scripts, which run-parts starts.
DIRECTORIES = {"/etc/cron.hourly": "@hourly", "/etc/cron.daily": "@daily", "/etc/cron.weekly": "@weekly", "/etc/cron.monthly": "@monthly"}
# Debian's cron and run-parts pass over other names; cronie passes over these.
_NAMES = re.compile(r"[A-Za-z0-9_-]+")
_PASSED_OVER = re.compile(r"[.#].*|.*(?:~|\.rpmsave|\.rpmorig|\.rpmnew)", re.S)
_LONGEST = 999
_BLANKS = " \t"
_ASSIGNMENT = re.compile(
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<name>(?:[^\s="'][^\s=]*)?))\s*=\s*"""
    r"""(?:"(?P<in_double>[^"]*)"\s*|'(?P<in_single>[^']*)'\s*|(?P<value>[^\s"'].*))""",
    re.A | re.S,
)


class BadLine(ValueError):
    """A line that cron does not understand."""


@dataclass(frozen=True)
class Variable:
    name: str
    value: str
    number: int


@dataclass(frozen=True)
class Job:
    """A command, when it starts, as its line says it, and the variables that were set before."""

    when: str
    command: str
    path: str
    number: int = 1
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True)
class Table:
    """The jobs of one file that cron reads; ``problem`` says why it does nothing with them."""

    path: str
    jobs: tuple[Job, ...]
    problem: str = ""


def jobs(host: Host) -> Iterator[Job]:
    """Everything that cron starts."""
    for table in tables(host):
        yield from () if table.problem else table.jobs
    yield from scripts(host)


def tables(host: Host) -> Iterator[Table]:
    """The tables of the system, in which a user stands beside the times, and those of users."""
    lenient = host.packages.installed("cronie")
    for patterns, users in ((SYSTEM, True), (USERS, False)):
        for path in (found for pattern in patterns for found in host.regular(pattern)):
            if users and not _read(path, lenient):
                continue
            table = parse(host.read(path) or "", path, users, lenient)
            yield table if table.problem or lenient else Table(path, table.jobs, _insecure(host, path, users))


def _read(path: str, lenient: bool) -> bool:
    name = os.path.basename(path)
    return not _PASSED_OVER.fullmatch(name) if lenient else bool(_NAMES.fullmatch(name))


def _insecure(host: Host, path: str, users: bool) -> str:
    """Debian's cron does not trust a table of the system that others than root can write to."""
    if not users:
        return ""
    found = os.stat(host.path(path))
    if found.st_uid != 0:
        return "it does not belong to root"
    return "others than root can write to it" if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


def scripts(host: Host) -> Iterator[Job]:
    """The scripts that run-parts starts; the command is the path of one."""
    for directory, when in DIRECTORIES.items():
        for path in host.regular(f"{directory}/*"):
            if _NAMES.fullmatch(os.path.basename(path)) and os.access(host.path(path), os.X_OK):
                yield Job(when, path, path)


def parse(text: str, path: str, users: bool, lenient: bool = False) -> Table:
    """The table in a text; with ``users`` there is one beside the times of each line."""
    found: list[Job] = []
    known: list[Variable] = []
    problem = ""
    for number, line in enumerate((line.lstrip(_BLANKS) for line in lines_of(text)), 1):
        if not line or line.startswith("#"):
            continue
        try:
            assigned = _ASSIGNMENT.fullmatch(line[:_LONGEST])
            if assigned:
                known.append(_variable(assigned, number))
            else:
                found.append(_job(line, path, number, users, tuple(known)))
        except BadLine as bad:
            problem = problem or f"line {number} has {bad}"
    last = text.rpartition("\n")[2].lstrip(_BLANKS)
    if last and not last.startswith("#"):
        problem = problem or "its last line does not end"
    return Table(path, tuple(found), "" if lenient else problem)


def _variable(assigned: re.Match[str], number: int) -> Variable:
    name = next(assigned[part] for part in ("double", "single", "name") if assigned[part] is not None)
    bare = assigned["value"]
    return Variable(name, (assigned["in_double"] or assigned["in_single"] or "") if bare is None else bare.rstrip(BLANKS), number)


def _job(line: str, path: str, number: int, users: bool, known: tuple[Variable, ...]) -> Job:
    fields = 1 if line.startswith("@") else 5
    words = re.split(r"[ \t]+", line, maxsplit=fields)
    when, rest = " ".join(words[:fields]), words[fields] if len(words) > fields else ""
    try:
        crontab_times.parse(when)
    except ValueError as bad:
        raise BadLine(str(bad)) from bad
    if users:
        user, blank, rest = rest.partition(" ") if " " in rest.split("\t")[0] else rest.partition("\t")
        if not user or not blank:
            raise BadLine("no command")
    if len(rest) >= _LONGEST:
        raise BadLine("a command that is too long")
    return Job(when, rest.strip(BLANKS), path, number, known)
