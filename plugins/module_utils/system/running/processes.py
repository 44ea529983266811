# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The processes of a booted host: which program each runs, for whom, and in which unit."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM, Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

_INTERPRETERS = re.compile(r"(ba|da|k|z)?sh|python[\d.]*|perl[\d.]*|ruby[\d.]*|node|php[\d.]*|java|mono", re.A)


@dataclass(frozen=True)
class Process:
    """One process; ``program`` is its executable, empty for a thread of the kernel."""

    number: int
    name: str
    program: str
    unit: str
    user: str

    def __str__(self) -> str:
        return f"{self.name} (process {self.number} of {self.user})"


class Processes:
    """Every process, looked at once; one that ends meanwhile is left out."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @cached_property
    def all(self) -> list[Process]:
        users = {fields[2]: fields[0] for fields in (line.split(":") for line in self.host.lines("/etc/passwd")) if len(fields) > 2}
        found = (self._process(int(path.rpartition("/")[2]), users) for path in self.host.glob("/proc/[0-9]*"))
        return [process for process in found if process]

    def _process(self, number: int, users: Mapping[str, str]) -> Process | None:
        try:
            status = self.host.read(f"/proc/{number}/status") or ""
            cgroup = self.host.read(f"/proc/{number}/cgroup") or ""
        except OSError:
            return None
        name, user = re.search(r"^Name:\t(.*)", status, re.M), re.search(r"^Uid:\t\d+\t(\d+)", status, re.M | re.A)
        if not name or not user:
            return None
        return Process(number, name[1], self.link(number, "exe"), _unit(cgroup), users.get(user[1], user[1]))

    def of(self, unit: str) -> list[Process]:
        """The processes of a unit, or of the instances of its template that a socket starts."""
        stem, unused_dot, suffix = unit.rpartition(".")
        return [
            process
            for process in self.all
            if process.unit == unit or (process.unit.startswith(f"{stem}@") and process.unit.endswith(f".{suffix}"))
        ]

    def running(self, programs: Sequence[str]) -> list[Process]:
        """The processes whose executable is one of these paths; /bin and /usr/bin are the same directory."""
        wanted = {_merged(path) for path in programs}
        return [process for process in self.all if process.program and _merged(process.program) in wanted]

    def beneath(self, directory: str) -> Iterator[tuple[Process, str]]:
        """Each process that executes a file beneath a directory, with the file; Ansible may have put this one there."""
        start = directory.rstrip("/") + "/"
        for process in (process for process in self.all if process.number != os.getpid()):
            file = next((path for path in self._executes(process) if path.startswith(start)), None)
            if file:
                yield process, file

    def _executes(self, process: Process) -> Iterator[str]:
        """Its program, the script that its program reads, and what is mapped to be executed."""
        if not process.program:
            return
        yield process.program
        try:
            words = (self.host.read(f"/proc/{process.number}/cmdline") or "").split("\0")
            if _INTERPRETERS.fullmatch(os.path.basename(process.program)) and len(words) > 1 and self._executable(words[1]):
                yield words[1]
            for line in self.host.lines(f"/proc/{process.number}/maps", PROGRAM):
                fields = words_of(line, 5)
                if len(fields) == 6 and "x" in fields[1] and fields[5].startswith("/"):
                    yield fields[5]
        except OSError:
            return  # it has just ended

    def _executable(self, path: str) -> bool:
        return path.startswith("/") and os.path.isfile(self.host.path(path)) and os.access(self.host.path(path), os.X_OK)

    def links(self, number: int, directory: str) -> list[str]:
        """What the links of a directory of a process lead to, such as those of its open files."""
        try:
            names = os.listdir(self.host.path(f"/proc/{number}/{directory}"))
        except OSError:
            return []
        return [self.link(number, f"{directory}/{name}") for name in names]

    def link(self, number: int | str, name: str) -> str:
        """What a link of a process leads to; empty when there is none, or when it has ended."""
        try:
            target = os.readlink(self.host.entry(f"/proc/{number}/{name}"))
        except OSError:
            return ""
        return target[: -len(" (deleted)")] if target.endswith(" (deleted)") else target


def _unit(cgroup: str) -> str:
    """The service or scope of a process; systemd's own hierarchy has it when there are several (cgroups(7))."""
    for line in lines_of(cgroup):
        unused_number, controllers, path = line.split(":", 2)
        if controllers in ("", "name=systemd"):
            for part in path.split("/"):
                if part.endswith((".service", ".scope")):
                    return part
    return ""


def _merged(path: str) -> str:
    return path[len("/usr") :] if path.startswith("/usr/") else path
