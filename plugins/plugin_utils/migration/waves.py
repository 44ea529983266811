# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who moves when: a pilot, shared services, then by complexity and by how much care depends on it, core systems last.

Groups are never split. A group that cannot be given a day is unscheduled, with the reason; a plan never invents a sign-off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import concerns as concern
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import days
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.dependencies import BETWEEN, BY_PORT, BY_SITE
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.not_one_to_one import RETIRE, gibibytes
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Names, Policy, collection_data

PILOT, SERVICES, MAIN, LAST = "pilot", "services", "main", "last"
PHASES = (PILOT, SERVICES, MAIN, LAST)
# The tier from which a machine may be in a pilot that nobody has chosen.
_HARMLESS = 3
# A machine of tier 1 weighs four times as much as one of tier 4.
_HEAVIEST = 5
# Protocols that ask and wait many times for one click: each millisecond between two sites counts as often.
_CHATTY = frozenset((111, 139, 445, 1433, 1521, 1972, 2049, 3306, 5432, 27017, 50000))
_IDENTITY = frozenset((88, 389, 464, 636, 3268, 3269))


@dataclass
class _Candidate:
    """A group on its way into a wave."""

    name: str
    machines: list[Mapping[str, Any]]
    tier: int | None
    complexity: int
    why: list[str]
    gib: float
    unsized: int
    phase: str = MAIN
    earliest: str = ""
    weekdays: frozenset[str] = frozenset(days.WEEKDAYS)
    reasons: list[str] = field(default_factory=list)

    @property
    def risk(self) -> int:
        return self.complexity * max(1, _HEAVIEST - (self.tier or 1))


@dataclass
class _Wave:
    day: str
    phase: str
    groups: list[_Candidate] = field(default_factory=list)

    @property
    def machines(self) -> int:
        return sum(len(group.machines) for group in self.groups)

    @property
    def gib(self) -> float:
        return sum(group.gib for group in self.groups)

    @property
    def tier_1(self) -> list[str]:
        return [group.name for group in self.groups if group.tier == 1]


def waves(
    inventory: Mapping[str, Any], policy: Policy, depends: Mapping[str, Any], found: Mapping[str, Any], advice: Mapping[str, Any]
) -> dict[str, Any]:
    """``waves`` in the order of their days, what is ``unscheduled``, and the dependencies that are ``crossing``."""
    rules = policy["waves"]
    retired = {row["machine"] for row in advice["advice"] if row["advice"] == RETIRE}
    candidates = _candidates(inventory, policy, depends, found, retired)
    stay = [each for each in candidates if each.phase == SERVICES] if rules["services"] == "stay" else []
    kept = [each for each in candidates if each not in stay]
    planned = _scheduled([each for each in kept if not each.reasons], rules, inventory["today"])
    number = {group.name: at for at, wave in enumerate(planned, 1) for group in wave.groups}
    crossing = _crossing(depends["edges"], number, planned)
    return {
        "waves": [_described(at, wave, found, crossing, rules) for at, wave in enumerate(planned, 1)],
        "unscheduled": [
            {"group": each.name, "machines": [machine["id"] for machine in each.machines], "tier": each.tier, "reasons": each.reasons}
            for each in kept
            if each.reasons
        ],
        "stay": [each.name for each in stay],
        "retired": sorted(retired),
        "crossing": crossing,
        "groups": {
            each.name: {
                "wave": number.get(each.name),
                "complexity": each.complexity,
                "why": each.why,
                "risk": each.risk,
                "gib": round(each.gib, 1),
                "unsized": each.unsized,
                "said": sorted({machine["wave"] for machine in each.machines if machine["wave"]}),
            }
            for each in candidates
        },
    }


# -- what is to be moved --------------------------------------------------------------


def _candidates(
    inventory: Mapping[str, Any], policy: Policy, depends: Mapping[str, Any], found: Mapping[str, Any], retired: set[str]
) -> list[_Candidate]:
    machines = {machine["id"]: machine for machine in inventory["machines"]}
    shared = {name for service in depends["services"] if service["known_by"] in (BY_SITE, BY_PORT) for name in service["machines"]}
    neighbours: dict[str, set[str]] = {}
    for edge in depends["edges"]:
        if edge["sort"] == BETWEEN:
            neighbours.setdefault(edge["source"], set()).add(edge["destination"])
            neighbours.setdefault(edge["destination"], set()).add(edge["source"])
    candidates = []
    for group in depends["groups"]:
        inside = [machines[name] for name in group["machines"] if name not in retired]
        if inside:
            each = _candidate(group, inside, len(neighbours.get(group["name"], ())), found)
            _bind(each, group, policy["waves"])
            if shared & set(group["machines"]):
                each.phase = LAST if policy["waves"]["services"] == "last" else SERVICES
            candidates.append(each)
    _choose_phases(candidates, policy["waves"], found)
    return candidates


def _candidate(group: Mapping[str, Any], inside: list[Mapping[str, Any]], neighbours: int, found: Mapping[str, Any]) -> _Candidate:
    sizes = [gibibytes(machine) for machine in inside]
    gib = sum(size or 0 for size in sizes)
    states = [found["machines"][machine["id"]] for machine in inside]
    warnings = sum(len(state["found"]) for state in states)
    points = {
        "more than 5 machines": len(inside) > 5,
        "more than 15 machines": len(inside) > 15,
        "more than 1 TiB": gib > 1024,
        "more than 5 TiB": gib > 5 * 1024,
        "other groups talk to it": neighbours > 0,
        "more than 3 other groups talk to it": neighbours > 3,
        "concerns": warnings > 0,
        "more concerns than machines": warnings > len(inside),
        "a machine is blocked": any(state["readiness"] == concern.BLOCKED for state in states),
        "a vendor has to agree": bool(group["vendors"]),
    }
    why = [name for name, holds in points.items() if holds]
    return _Candidate(group["name"], inside, group["tier"], 1 + len(why), why, gib, sum(size is None for size in sizes))


def _bind(each: _Candidate, group: Mapping[str, Any], rules: Mapping[str, Any]) -> None:
    """What the site has said about a group: vendors, and windows in which its machines may be down."""
    if each.tier is None:
        each.reasons.append("How much care depends on it is not known: add the clinical tier of one of its machines.")
    signed = {vendor["name"].lower(): vendor.get("signed_off") for vendor in rules["vendors"]}
    for vendor in group["vendors"]:
        if vendor.lower() in signed:
            day = signed[vendor.lower()]
            if day:
                each.earliest = max(each.earliest, day)
            else:
                each.reasons.append(f"{vendor} has not signed off: enter the day under waves, vendors.")
    windows = sorted({machine["window"] for machine in each.machines if machine["window"]})
    for window in windows:
        weekdays = days.weekdays_of(window)
        if weekdays:
            each.weekdays &= weekdays
    if not each.weekdays & set(rules["weekdays"]):
        said = ", ".join(windows) or "none"
        each.reasons.append(f"No day fits its windows ({said}) and the weekdays of the plan: change one of them.")


def _choose_phases(candidates: list[_Candidate], rules: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    last = Names(rules["last"]) if rules["last"] else None
    for each in candidates:
        if last and (last.match(each.name) or any(last.have(machine) or last.match(machine["application"]) for machine in each.machines)):
            each.phase = LAST
    pilot = rules["pilot"]
    if "machines" in pilot:
        chosen = Names(pilot["machines"])
        for each in candidates:
            if any(chosen.have(machine) for machine in each.machines):
                each.phase = PILOT
        return
    room = pilot.get("most_machines", 0)
    for each in sorted(candidates, key=lambda each: (each.complexity, -(each.tier or 0), len(each.machines), each.name)):
        harmless = each.phase == MAIN and not each.reasons and (each.tier or 0) >= _HARMLESS
        ready = all(found["machines"][machine["id"]]["readiness"] != concern.BLOCKED for machine in each.machines)
        if harmless and ready and len(each.machines) <= room:
            each.phase = PILOT
            room -= len(each.machines)


# -- when --------------------------------------------------------------------------------


def _scheduled(candidates: Sequence[_Candidate], rules: Mapping[str, Any], today: str) -> list[_Wave]:
    """Each group in the first wave that has room for it; a new wave at the end if there is none."""
    start = rules["start"] or today
    calendar = list(days.allowed(start, rules["weekdays"], rules["freeze"]))
    planned: list[_Wave] = []
    order = sorted(candidates, key=lambda each: (PHASES.index(each.phase), each.risk, -(each.tier or 0), each.name))
    for each in order:
        wave = next((wave for wave in planned if wave.phase == each.phase and _fits(each, wave, rules)), None)
        if wave is None:
            since = days.later(planned[-1].day, max(1, rules["gap_days"])) if planned else start
            day = next((day for day in calendar if day >= max(since, each.earliest) and days.weekday(day) in each.weekdays), None)
            if day is None or (rules["end"] and day > rules["end"]):
                until = f"before {rules['end']}" if rules["end"] else "within five years"
                each.reasons.append(f"No day is left for it {until}: allow larger waves, more weekdays or a later end.")
                continue
            wave = _Wave(day, each.phase)
            planned.append(wave)
        wave.groups.append(each)
    return planned


def _fits(each: _Candidate, wave: _Wave, rules: Mapping[str, Any]) -> bool:
    return (
        wave.day >= each.earliest
        and days.weekday(wave.day) in each.weekdays
        and wave.machines + len(each.machines) <= rules["most_machines"]
        and wave.gib + each.gib <= rules["most_gib"]
        and (each.tier != 1 or len(wave.tier_1) < rules["most_tier_1"])
    )


# -- what it means -------------------------------------------------------------------------


def _crossing(edges: Sequence[Mapping[str, Any]], number: Mapping[str, int], planned: Sequence[_Wave]) -> list[dict[str, Any]]:
    """Dependencies of which both ends are in different waves, or one in none, with what that means meanwhile."""
    names = {port: each["name"] for each in collection_data("services") for port in each["ports"]}
    found = []
    for edge in edges:
        source, destination = number.get(edge["source"]), number.get(edge["destination"])
        if edge["sort"] != BETWEEN or source == destination:
            continue
        apart = days.between(planned[source - 1].day, planned[destination - 1].day) if source and destination else None
        found.append(
            {
                **{name: edge[name] for name in ("source", "destination", "protocol", "port", "flows", "count")},
                "waves": [source, destination],
                "days": apart,
                "consequences": _consequences(edge, names.get(edge["port"], "")),
            }
        )
    return sorted(found, key=lambda each: (-len(each["consequences"]), -each["count"], each["source"], each["destination"], each["port"]))


def _consequences(edge: Mapping[str, Any], service: str) -> dict[str, str]:
    port = f"{edge['protocol']} {edge['port']}"
    said = {"firewall": f"{port} has to be open between both platforms, from {edge['source']} to {edge['destination']}."}
    if edge["port"] in _CHATTY:
        said["latency"] = "This protocol waits for many answers one after the other: measure the application over the link before."
    if edge["port"] in _IDENTITY:
        said["identity"] = "Logins depend on it: names, tickets and certificates must be valid on both sides."
    elif service:
        said["service"] = f"It is known as {service}: check whether the new platform has its own."
    return said


def _described(
    at: int, wave: _Wave, found: Mapping[str, Any], crossing: Sequence[Mapping[str, Any]], rules: Mapping[str, Any]
) -> dict[str, Any]:
    inside = [machine for group in wave.groups for machine in group.machines]
    states = [found["machines"][machine["id"]]["readiness"] for machine in inside]
    apart = [each for each in crossing if at in each["waves"]]
    readiness = {state: states.count(state) for state in concern.READINESS}
    risks = []
    if wave.tier_1:
        risks.append(f"Care depends on {', '.join(wave.tier_1)} (tier 1).")
    if readiness[concern.BLOCKED]:
        number = readiness[concern.BLOCKED]
        risks.append("1 machine cannot move as it is." if number == 1 else f"{number} machines cannot move as they are.")
    if readiness[concern.UNKNOWN]:
        risks.append(f"Of {_machines(readiness[concern.UNKNOWN])} something is not known yet.")
    if any("latency" in each["consequences"] for each in apart):
        slow = sum("latency" in each["consequences"] for each in apart)
        risks.append(f"Dependencies that are sensitive to latency and cross waves: {slow}.")
    if wave.machines > rules["most_machines"] or wave.gib > rules["most_gib"]:
        risks.append("One group alone is larger than a wave may be: copy ahead, or split the application with its owner.")
    unsized = sum(group.unsized for group in wave.groups)
    if unsized:
        risks.append(f"The size of {_machines(unsized)} is not known.")
    return {
        "number": at,
        "name": f"wave-{at:02}",
        "day": wave.day,
        "phase": wave.phase,
        "groups": [group.name for group in wave.groups],
        "machines": [machine["id"] for machine in inside],
        "gib": round(wave.gib, 1),
        "tier_1": wave.tier_1,
        "readiness": readiness,
        "crossing": len(apart),
        "risks": risks,
    }


def _machines(number: int) -> str:
    return "1 machine" if number == 1 else f"{number} machines"
