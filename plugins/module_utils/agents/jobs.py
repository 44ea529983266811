# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs a program by itself, when and with which options and environment: units of systemd, cron, and the scripts that these start."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.agents import schedules
from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Entry, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.environment import environment, options
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.systemd_conf import assignments
from ansible_collections.hygeia.golden.plugins.module_utils.system import cron, crontab_times
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.systemd_values import span
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import DIRECTORIES, Units
from ansible_collections.hygeia.golden.plugins.module_utils.util import numbers
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

_LONGEST_SCRIPT = 256 * 1024
_SET = re.compile(r"^\s*(?:export\s+|Environment=)?\"?([A-Z][A-Z0-9_]*)=(\"[^\"]*\"|'[^']*'|[^\s\"';]*)", re.A)
_SOURCED = re.compile(r"^\s*(?:\.|source)\s+[\"']?(/[^\s\"';]+)", re.A)
# What may stand before a program in a line.
_BEFORE = r"(?:^|[\s;&|(`@+!-])(?:/\S*/)?"


@dataclass
class _Job:
    """A line that something runs, with what is set for it; ``every`` is in hours."""

    line: str
    path: str
    number: int
    every: float | None = None
    unit: str = ""
    set: list[Entry] = field(default_factory=list)


class Jobs:
    """What a system runs by itself, looked at once for all programs."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @cached_property
    def all(self) -> list[_Job]:
        return [*_of_systemd(self.host), *_of_cron(self.host)]

    def of(self, program: str) -> Iterator[Entry]:
        """Each call of a program, as numbered settings of ``job``."""
        calls = (call for job in self.all for call in _calls(self.host, job, program))
        for number, call in enumerate(calls):
            yield from _entries(f"job.{number}", call, program)
            yield from _ended(self.host, f"job.{number}", call)


def _entries(key: str, job: _Job, program: str) -> Iterator[Entry]:
    try:
        words = shlex.split(job.line)
    except ValueError:
        words = words_of(job.line)
    start = next((index for index, word in enumerate(words) if os.path.basename(word.lstrip("@+!-")) == program), 0)
    words = words[start + 1 :]
    if job.every is not None:
        yield Entry(f"{key}.every", str(job.every), job.path, job.number)
    found = list(options(words))
    yield from (Entry(f"{key}.option.{name.lower()}", value, job.path, job.number) for name, value in found)
    for word in (word for word in words if not word.startswith("-")):
        yield Entry(f"{key}.word.{word.lower()}", word, job.path, job.number)
        if "::" in word[1:]:
            yield Entry(f"{key}.repository", word.partition("::")[0], job.path, job.number)
    # What the line itself assigns has the last word.
    set_here = re.findall(r"(?:^|\s)([A-Z][A-Z0-9_]*)=(\S+)", job.line, re.A)
    own = [Entry(name, value.strip("\"'"), job.path, job.number) for name, value in set_here]
    yield from (Entry(f"{key}.env.{entry.key.lower()}", entry.value, entry.path, entry.line) for entry in [*job.set, *own])


def _ended(host: Host, key: str, job: _Job) -> Iterator[Entry]:
    """When the unit of a job last ended well, in seconds since 1970; known on a booted host alone."""
    if not host.booted or not job.unit:
        return
    ran = host.run(["systemctl", "show", "--timestamp=unix", "--property=Result,ExecMainExitTimestamp", job.unit])
    properties = dict(line.split("=", 1) for line in lines_of(ran.out) if "=" in line)
    ended = properties.get("ExecMainExitTimestamp", "").lstrip("@")
    if properties.get("Result") == "success" and numbers.number(ended):
        yield Entry(f"{key}.ended", ended, job.unit)


def _calls(host: Host, job: _Job, program: str) -> Iterator[_Job]:
    """The job itself when it calls the program, and each line of a script of this system that it starts."""
    called = re.compile(rf"{_BEFORE}{re.escape(program)}(?=\s|$)", re.A)
    if called.search(job.line):
        yield job
    for path in dict.fromkeys(re.findall(r"(?<![\w.=:])/[\w./@+-]+", job.line, re.A)):
        text = _script(host, path)
        if not text or os.path.basename(path) == program or not called.search(text):
            continue
        known = job.set + _set_in(host, text, path)
        for number, line in _lines(text):
            if called.search(line) and not re.match(r"\s*(?:#|echo\b|command\b|which\b|if\b.*\bcommand -v\b)", line, re.A):
                yield _Job(line.strip(BLANKS), path, number, job.every, job.unit, known)


def _script(host: Host, path: str) -> str:
    place = host.path(path)
    if not os.path.isfile(place) or os.path.getsize(place) > _LONGEST_SCRIPT:
        return ""
    text = host.read(path) or ""
    return text if text.startswith("#!") else ""


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with those that a backslash goes on with, by the number of its first."""
    begun, start = "", 0
    for number, line in enumerate(lines_of(text), 1):
        start = start if begun else number
        if line.endswith("\\"):
            begun += line[:-1] + " "
            continue
        yield start, begun + line
        begun = ""


def _set_in(host: Host, text: str, path: str) -> list[Entry]:
    found = []
    for number, line in enumerate(lines_of(text), 1):
        match, sourced = _SET.match(line), _SOURCED.match(line)
        if match:
            found.append(Entry(match[1], match[2].strip("\"'"), path, number))
        elif sourced:
            found += _file_of_environment(host, sourced[1])
    return found


def _file_of_environment(host: Host, path: str) -> list[Entry]:
    """The assignments of a file; what else a shell would do there says nothing about the program."""
    try:
        return [Entry(name, value, path, line) for name, value, line in environment(host.read(path) or "")]
    except NotUnderstood:
        return _set_in(host, host.read(path) or "", path)


# -- systemd ----------------------------------------------------------------------------------


def _of_systemd(host: Host) -> Iterator[_Job]:
    units, seen = Units(host, []), set()
    timers = _timers(host, units)
    for path in (path for directory in DIRECTORIES for path in host.regular(f"{directory}/*.service")):
        name = os.path.basename(path)
        if name not in seen and os.path.isfile(host.path(path)):
            seen.add(name)
            text = host.read(path) or ""
            texts = [
                (path, text),
                *((drop, host.read(drop) or "") for directory in DIRECTORIES for drop in host.regular(f"{directory}/{name}.d/*.conf")),
            ]
            known = [entry for place, its in texts for entry in _environment_of(host, place, its)]
            for place, its in texts:
                for number, section, option, value in assignments(its):
                    if section == "Service" and option in ("ExecStart", "ExecStartPre", "ExecStartPost") and value:
                        yield _Job(value, place, number, timers.get(name), name, known)


def _environment_of(host: Host, path: str, text: str) -> Iterator[Entry]:
    for number, unused_section, option, value in assignments(text):
        if option == "EnvironmentFile":
            for file in host.glob(value.lstrip("-")):
                yield from _file_of_environment(host, file)
        elif option == "Environment":
            try:
                words = shlex.split(value)
            except ValueError:
                words = []
            pairs = (word.partition("=") for word in words if "=" in word)
            yield from (Entry(name, said, path, number) for name, unused_sign, said in pairs)


def _timers(host: Host, units: Units) -> dict[str, float | None]:
    """The hours between the runs of each service that an enabled timer starts."""
    found: dict[str, float | None] = {}
    for path in (path for directory in DIRECTORIES for path in host.regular(f"{directory}/*.timer")):
        timer = os.path.basename(path)
        if units.state(timer) != "enabled":
            continue
        settings = [(option, value) for unused_n, section, option, value in assignments(host.read(path) or "") if section == "Timer"]
        service = next((value for option, value in settings if option == "Unit"), f"{timer[: -len('.timer')]}.service")
        gaps = [schedules.calendar([value for option, value in settings if option == "OnCalendar" and value])]
        spans = [span(value) for option, value in settings if option in ("OnUnitActiveSec", "OnUnitInactiveSec")]
        gaps += [seconds / 3600 for seconds in spans if seconds]
        found.setdefault(service, min((gap for gap in gaps if gap), default=None))
    return found


# -- cron -------------------------------------------------------------------------------------


def _of_cron(host: Host) -> Iterator[_Job]:
    for job in cron.jobs(host):
        gap = crontab_times.longest_gap(job.when)
        known = [Entry(variable.name, variable.value, job.path, variable.number) for variable in job.variables]
        yield _Job(job.command, job.path, job.number, None if gap is None else round(gap / 3600, 2), "", known)
