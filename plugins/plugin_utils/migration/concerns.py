# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong with each machine, and whether it is ready. Concerns are data; what nobody knows is never ready."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Optional

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Names, Policy, collection_data

Machine = Mapping[str, Any]
# Whether a condition holds; None where a field is not known.
Held = Optional[bool]

BLOCKED, UNKNOWN, ATTENTION, READY = "blocked", "unknown", "attention", "ready"
READINESS = (BLOCKED, UNKNOWN, ATTENTION, READY)
CRITICAL, WARNING, INFORMATION = "critical", "warning", "information"


def concerns(inventory: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """``concerns`` with how many machines have each, and ``machines`` with theirs and their readiness, by id."""
    definitions = collection_data("concerns")
    accepted = [(each, Names(each["machines"])) for each in policy["concerns"]["accept"]]
    assumed = [(each, Names(each.get("machines", ["*"]))) for each in policy["concerns"]["assume"]]
    machines = {machine["id"]: _of_machine(_with_assumptions(machine, assumed), definitions, accepted) for machine in inventory["machines"]}
    counts = {state: Counter(name for each in machines.values() for name in each[state]) for state in ("found", "unknown", "accepted")}
    return {
        "concerns": [
            {
                **{field: each.get(field) for field in ("id", "category", "title", "remedy")},
                "aliases": each.get("aliases", []),
                **{state: counts[state][each["id"]] for state in counts},
            }
            for each in definitions
        ],
        "machines": machines,
        "readiness": {state: sum(each["readiness"] == state for each in machines.values()) for state in READINESS},
    }


def _with_assumptions(machine: Machine, assumed: Sequence[tuple[Mapping[str, Any], Names]]) -> Machine:
    """The machine with what the site says of fields that no source fills in; a source is always right."""
    said = {each["field"]: each["value"] for each, names in assumed if machine[each["field"]] is None and names.have(machine)}
    return {**machine, **said} if said else machine


def _of_machine(
    machine: Machine, definitions: Sequence[Mapping[str, Any]], accepted: Sequence[tuple[Mapping[str, Any], Names]]
) -> dict[str, Any]:
    """The concerns of one machine by their states; ``readiness`` follows from those that nobody accepted."""
    found: dict[str, list[str]] = {"found": [], "unknown": [], "accepted": []}
    worst = READY
    for each in definitions:
        if machine["platform"] not in (*each.get("platforms", (machine["platform"],)), "unknown"):
            continue
        held = _holds(each["when"], machine, machine)
        if held is False:
            continue
        if any(entry["concern"] == each["id"] and names.have(machine) for entry, names in accepted):
            found["accepted"].append(each["id"])
            continue
        found["found" if held else "unknown"].append(each["id"])
        worst = min(worst, _weight(each["category"], held), key=READINESS.index)
    return {**found, "readiness": worst}


def _weight(category: str, held: Held) -> str:
    """How ready a machine still is with one concern."""
    if category == INFORMATION:
        return READY
    if held is None:
        return UNKNOWN
    return BLOCKED if category == CRITICAL else ATTENTION


# -- conditions ------------------------------------------------------------------------


def _holds(condition: Mapping[str, Any], subject: Any, machine: Machine) -> Held:
    if "all" in condition:
        return _every([_holds(each, subject, machine) for each in condition["all"]])
    if "any" in condition:
        return _some(condition, machine)
    value = subject if condition["field"] == "." else subject.get(condition["field"])
    if "empty" in condition:
        return value in (None, "", [], {})
    return None if value is None else _compared(condition, value)


def _some(condition: Mapping[str, Any], machine: Machine) -> Held:
    """Does one entry of a list satisfy all conditions? Of a list that no source fills in nothing is known."""
    entries = machine[condition["any"]]
    if entries is None or (not entries and condition["any"] != "rules" and machine["disk_count"] != 0):
        return None
    each = [_every([_holds(inner, entry, machine) for inner in condition["where"]]) for entry in entries]
    if any(held is True for held in each):
        return True
    return None if None in each else False


def _every(held: Sequence[Held]) -> Held:
    if False in held:
        return False
    return None if None in held else True


def _compared(condition: Mapping[str, Any], value: Any) -> bool:
    if "is" in condition:
        return bool(value == condition["is"])
    if "not" in condition:
        return bool(value != condition["not"])
    if "above" in condition:
        return bool(value > condition["above"])
    if "below" in condition:
        return bool(value < condition["below"])
    if "matches" in condition:
        return bool(_pattern(condition["matches"]).search(str(value)))
    return not _pattern(condition["not_matches"]).search(str(value))


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
