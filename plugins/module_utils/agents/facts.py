# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of an agent mean: where it sends to, whether encrypted, how often, how long it keeps, and how old its knowledge is."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.agents import schedules
from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Agent, Entry
from ansible_collections.hygeia.golden.plugins.module_utils.agents.machines import local, scheme, shown
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import numbers

SPAN = "span"
# The head of a signature database, such as ClamAV-VDB:07 Dec 2023 09-32 +0000:27116:...
_CLAMAV = re.compile(rb"ClamAV-VDB:(\d\d \w{3} \d{4} \d\d-\d\d [+-]\d{4}):")


@dataclass(frozen=True)
class Way:
    """One way out of this system; ``encrypted`` is None where its configuration does not tell."""

    destination: str
    encrypted: bool | None
    place: str


@dataclass(frozen=True)
class Fact:
    """A value with the place that says it."""

    value: float
    place: str


class Facts:
    """The facts of one agent, from its entry in the catalogue and the settings that were read."""

    def __init__(self, agent: Agent, entries: list[Entry], host: Host) -> None:
        self.agent, self.entries, self.host = agent, entries, host

    def ways(self) -> list[Way]:
        """Each way to another machine, once."""
        found: dict[Way, Way] = {}
        for rule in self.agent.get("destinations", []):
            for group in self._groups(rule):
                for entry in group.matching(rule["destination"]):
                    for destination in filter(None, re.split(r"[,;\s]+", entry.value, flags=re.A)):
                        if not local(destination):
                            way = Way(shown(destination), _encrypted(rule.get("encrypted"), group, destination), entry.place)
                            found.setdefault(way, way)
        return list(found)

    def schedule(self) -> Fact | None:
        """The hours between two runs, at most."""
        return self._number("schedule", "hours")

    def last_success(self) -> Fact | None:
        """When the agent last ended well, in seconds since 1970."""
        return self._number("last_success", "seconds")

    def _number(self, fact: str, field: str) -> Fact | None:
        rule = self.agent.get(fact)
        found = [
            Fact(float(entry.value), entry.place)
            for group in self._groups(rule or {})
            for entry in group.matching((rule or {}).get(field, []))
        ]
        return max(found, key=lambda each: each.value, default=None)

    def retention(self) -> Fact | None:
        """The hours for which the oldest copy is kept."""
        found = []
        for key, unit in self.agent.get("retention", {}).items():
            for entry in _last(self.entries, [key]):
                length = schedules.length(entry.value) if unit == SPAN else (numbers.number(entry.value) or 0) * unit
                found += [Fact(length, entry.place)] if length else []
        return max(found, key=lambda each: each.value, default=None)

    def signatures(self, now: float) -> Fact | None:
        """The days since the signatures were made."""
        rule = self.agent.get("signatures", {})
        minutes_at = ((numbers.number(entry.value), entry.place) for entry in _last(self.entries, rule.get("minutes", [])))
        ages = [Fact(minutes / 1440, place) for minutes, place in minutes_at if minutes is not None]
        for path in (path for pattern in rule.get("clamav", []) for path in self.host.glob(pattern)):
            made = _CLAMAV.match(self.host.head(path, 512) or b"")
            if made:
                moment = datetime.strptime(made[1].decode(), "%d %b %Y %H-%M %z")
                ages.append(Fact((datetime.fromtimestamp(now, timezone.utc) - moment).total_seconds() / 86400, path))
        return min(ages, key=lambda each: each.value, default=None)

    # -- choosing settings ------------------------------------------------------

    def _groups(self, rule: Mapping[str, Any]) -> Iterator[_Group]:
        """The settings that belong together, when they are those that the rule is for."""
        if not rule:
            return
        groups: dict[object, list[Entry]] = {}
        pattern = _beginning(rule["each"]) if "each" in rule else None
        for entry in self.entries:
            found = pattern.match(entry.key) if pattern else None
            if not pattern:
                groups.setdefault("", []).append(entry)
            elif found:
                inner = Entry(entry.key[found.end() :].lstrip("."), entry.value, entry.path, entry.line)
                groups.setdefault((entry.path if not found[0].startswith("job.") else "", found[0]), []).append(inner)
        for group in map(_Group, groups.values()):
            if all(group.holds(key, values) for key, values in rule.get("only", {}).items()):
                yield group


class _Group:
    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def matching(self, keys: list[str]) -> list[Entry]:
        return _last(self.entries, keys)

    def holds(self, key: str, values: list[str]) -> bool:
        """Has a key one of these values? An asterisk stands for anything."""
        return any(fnmatch.fnmatchcase(entry.value.lower(), value.lower()) for entry in self.matching([key]) for value in values)


def _beginning(pattern: str) -> re.Pattern[str]:
    """An asterisk stands for one part of a key."""
    parts = [re.escape(part).replace(r"\*", "[^.]+") for part in pattern.lower().split(".")]
    return re.compile(r"\.".join(parts) + r"(?=\.|$)")


def _last(entries: list[Entry], keys: list[str]) -> list[Entry]:
    """The last setting of each key that one of the patterns means."""
    last = {entry.key: entry for entry in entries}
    return [entry for key, entry in last.items() if any(fnmatch.fnmatchcase(key, pattern.lower()) for pattern in keys)]


def _encrypted(rule: list[dict[str, list[str]]] | str | None, group: _Group, destination: str) -> bool | None:
    """Does any of the alternatives hold, each of which is a mapping of keys to the values that they may have?"""
    if rule is None:
        return None
    if isinstance(rule, str):
        return rule == "always"
    return any(
        all(scheme(destination) in values if key == "scheme" else group.holds(key, values) for key, values in alternative.items())
        for alternative in rule
    )
