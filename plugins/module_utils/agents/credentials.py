# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where secrets lie in the configuration of an agent. What they are is never kept."""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Agent, Entry
from ansible_collections.hygeia.golden.plugins.module_utils.agents.machines import has_password
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# A value that only says where the secret is: a variable, or a store of secrets of Vector, Datadog and Telegraf.
_REFERENCE = re.compile(r"\$|%[{(]|ENC\[|SECRET\[|@\{|\{\{|env:|file:|vault:", re.I)
_OF_JOB = re.compile(r"^job\.\d+\.(?:env|option|word)\.", re.A)


@dataclass(frozen=True)
class Credential:
    """The file and the line, and the name of what is set there; a file that is a secret as a whole has none."""

    place: str
    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.name} in {self.place}" if self.name else self.place


def credentials(agent: Agent, entries: list[Entry], host: Host) -> list[Credential]:
    rule = agent.get("credentials", {})
    found = [_of(entry) for entry in entries if _secret(entry, rule.get("keys", []))]
    paths = [entry.value for entry in entries if _named(entry.key, rule.get("named_by", []))]
    for path in [path for pattern in [*rule.get("files", []), *paths] if pattern.startswith("/") for path in host.glob(pattern)]:
        place = host.path(path)
        if os.path.isfile(place) and os.path.getsize(place):
            found.append(Credential(path, "", path))
    return list(dict.fromkeys(found))


def readable_by_all(found: list[Credential], host: Host) -> list[Credential]:
    return [each for each in found if os.path.exists(host.path(each.path)) and os.stat(host.path(each.path)).st_mode & 0o004]


def _secret(entry: Entry, keys: list[str]) -> bool:
    if not entry.value or _REFERENCE.match(entry.value):
        return False
    return _named(entry.key, keys) or has_password(entry.value)


def _named(key: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(key, pattern.lower()) for pattern in patterns)


def _of(entry: Entry) -> Credential:
    name = _OF_JOB.sub("", entry.key)
    # A password in a URL of a command line stands in the word itself, which must not be shown.
    return Credential(entry.place, "a URL with a password" if has_password(entry.value) else name, entry.path)
