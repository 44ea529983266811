# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a site decides about a migration: one YAML document, checked against its schema, with the defaults filled in."""

from __future__ import annotations

import fnmatch
import functools
import ipaddress
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError, load

Policy = dict[str, Any]

DEFAULTS: dict[str, Any] = {
    "dependencies": {"fan_in": 10, "share": 0.05, "largest_group": 40, "ignore_ports": [], "services": [], "together": []},
    "concerns": {"assume": [], "accept": []},
    "waves": {
        "start": None,
        "end": None,
        "weekdays": ["sat", "sun"],
        "gap_days": 7,
        "most_machines": 50,
        "most_gib": 20000,
        "most_tier_1": 1,
        "pilot": {"most_machines": 5},
        "last": [],
        "services": "first",
        "freeze": [],
        "vendors": [],
    },
    "sizing": {
        "host": None,
        "percentile": 95,
        "comfort": 1.2,
        "cpu_ratio": 4,
        "memory_ratio": 1.0,
        "spare_hosts": 1,
        "exact": False,
        "exact_seconds": 60,
        "segregation": [],
        "apart": [],
    },
    "zones": {},
    "retire_after_days": 90,
}
# Data of the collection, which stands beside the policy of controls.
DATA = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../../roles/baseline/files/migration"))


def read(path: str | None) -> Policy:
    """The policy of a file, or the defaults where there is none; whatever is wrong with it is reported at once."""
    if not path:
        return complete({}, "policy")
    document = load(path)
    return complete({} if document.data is None else document.data, document.place())


def complete(data: Any, place: str) -> Policy:
    """A policy with every field; raises PolicyError for one that is not valid."""
    problems = schema.problems(data, "migration", lambda unused_index: place)
    problems = problems or [f"{place}: {problem}" for problem in _mistakes(data)]
    if problems:
        raise PolicyError(*problems)
    return {
        name: {**default, **(data.get(name) or {})} if isinstance(default, dict) and name != "zones" else data.get(name, default)
        for name, default in DEFAULTS.items()
    }


def _mistakes(data: Mapping[str, Any]) -> Iterable[str]:
    """What a schema cannot say."""
    waves = data.get("waves") or {}
    if waves.get("start") and waves.get("end") and waves["start"] > waves["end"]:
        yield f"waves: end: {waves['end']} is before the start; write a later day."
    for index, freeze in enumerate(waves.get("freeze") or ()):
        if freeze["from"] > freeze["to"]:
            yield f"waves: freeze: number {index + 1}: to: {freeze['to']} is before {freeze['from']}; write a later day."
    for index, service in enumerate((data.get("dependencies") or {}).get("services") or ()):
        if "machines" not in service and "ports" not in service:
            yield f"dependencies: services: number {index + 1}: it has neither machines nor ports; add one of them."
    for name, networks in (data.get("zones") or {}).items():
        for text in networks:
            try:
                ipaddress.ip_network(text)
            except ValueError:
                yield f"zones: {name}: {text} is not a valid network; write one such as 10.20.0.0/16."


def collection_data(name: str) -> list[dict[str, Any]]:
    """Data that the collection brings, such as its concerns."""
    found: list[dict[str, Any]] = load(os.path.join(DATA, f"{name}.yml")).data
    return found


class Names:
    """Machines by the patterns of a policy, which are names, labels or ids."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [_compiled(pattern.lower()) for pattern in patterns]

    def have(self, machine: Mapping[str, Any]) -> bool:
        return any(pattern.match(machine[name].lower()) for pattern in self._patterns for name in ("name", "id"))

    def match(self, text: str | None) -> bool:
        return bool(text) and any(pattern.match(str(text).lower()) for pattern in self._patterns)


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))
