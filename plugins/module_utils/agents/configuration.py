# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an agent is configured to do, read from every source that the catalogue names for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Agent, Entry, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats import FORMATS
from ansible_collections.hygeia.golden.plugins.module_utils.agents.jobs import Jobs
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.systemd_conf import merged
from ansible_collections.hygeia.golden.plugins.module_utils.system import rsyslog_conf
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

DEEPEST = 10


@dataclass
class Configuration:
    """The ``entries`` in the order in which the agent reads them; ``problems`` says why some are missing."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Reader:
    """Reads the sources of agents on one host; each file is parsed once."""

    def __init__(self, host: Host, jobs: Jobs) -> None:
        self.host = host
        self.jobs = jobs
        self._parsed: dict[tuple[str, str], list[Entry]] = {}

    def read(self, agent: Agent) -> Configuration:
        found = Configuration()
        for source in agent.get("configuration", []):
            try:
                entries = list(self._source(source, found))
            except OSError as problem:
                found.problems.append(f"{problem.filename} cannot be read ({problem.strerror}): become root")
                continue
            known = {entry.key for entry in entries}
            path = entries[0].path if entries else ""
            found.entries += [Entry(key, value, path) for key, value in source.get("defaults", {}).items() if entries and key not in known]
            found.entries += _numbered(entries) if source.get("repeated") else entries
        return found

    def _source(self, source: Mapping[str, Any], found: Configuration) -> Iterator[Entry]:
        if "jobs" in source:
            yield from self.jobs.of(source["jobs"])
        elif "systemd" in source:
            for option, (place, value) in merged(self.host, source["systemd"]).items():
                path, unused_colon, line = place.rpartition(":")
                yield Entry(option.lower(), value, path, int(line))
        elif "rsyslog" in source:
            yield from _rsyslog(self.host)
        elif "command" in source:
            yield from self._command(source, found)
        else:
            for path in dict.fromkeys(path for pattern in source["paths"] for path in self.host.glob(pattern)):
                yield from self._file(path, source, found)

    def _file(self, path: str, source: Mapping[str, Any], found: Configuration, depth: int = 0) -> Iterator[Entry]:
        if not os.path.isfile(self.host.path(path)):
            return
        try:
            entries = self._parse(path, source["format"])
        except NotUnderstood as problem:
            place = f"{path}:{problem.line}" if problem.line else path
            found.problems.append(f"{place} is not understood: look there yourself")
            return
        for entry in entries:
            if entry.key in ("@include", *source.get("includes", ())) and depth < DEEPEST:
                for included in self._included(path, entry.value):
                    yield from self._file(included, source, found, depth + 1)
            else:
                yield entry

    def _parse(self, path: str, name: str) -> list[Entry]:
        if (path, name) not in self._parsed:
            text = self.host.read(path) or ""
            self._parsed[path, name] = [Entry(key.lower(), value.strip(BLANKS), path, line) for key, value, line in FORMATS[name](text)]
        return self._parsed[path, name]

    def _included(self, path: str, pattern: str) -> list[str]:
        whole = os.path.normpath(os.path.join(os.path.dirname(path), pattern))
        return self.host.glob(f"{whole}/*" if os.path.isdir(self.host.path(whole)) else whole)

    def _command(self, source: Mapping[str, Any], found: Configuration) -> Iterator[Entry]:
        """What the agent says itself, where it runs."""
        if not self.host.booted:
            return
        command = " ".join(source["command"])
        ran = self.host.run(source["command"], timeout=60)
        try:
            if not ran.ok:
                raise NotUnderstood
            yield from [Entry(key.lower(), value, command) for key, value, unused_line in FORMATS[source["format"]](ran.out)]
        except NotUnderstood:
            found.problems.append(f"{command} does not say how the agent is: ask it yourself")


def _numbered(entries: list[Entry]) -> Iterator[Entry]:
    """A key that is there several times counts each time."""
    counted: dict[str, int] = {}
    for entry in entries:
        number = counted[entry.key] = counted.get(entry.key, -1) + 1
        yield Entry(f"{entry.key}.{number}", entry.value, entry.path, entry.line)


def _rsyslog(host: Host) -> Iterator[Entry]:
    """Each statement that sends records to another machine, in the words of this catalogue."""
    found = list(rsyslog_conf.statements(host))
    for number, each in enumerate(each for each in found if each.destination):
        path, unused_colon, line = each.place.rpartition(":")
        encrypted = "yes" if rsyslog_conf.encrypted(each, found) else "no"
        for key, value in {**each.parameters, "destination": each.destination, "encrypted": encrypted}.items():
            yield Entry(f"forward.{number}.{key}", value, path, int(line))
    for each in found:
        path, unused_colon, line = each.place.rpartition(":")
        if each.name == "global":
            yield from (Entry(f"global.{key}", value, path, int(line)) for key, value in each.parameters.items())
        elif each.name.startswith("$"):
            yield Entry(each.name, each.parameters["value"], path, int(line))
