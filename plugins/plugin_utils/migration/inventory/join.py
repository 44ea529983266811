# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One inventory of several sources. What two sources say differently, and what is only guessed, becomes a record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import machine, samples
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.index import BY_NAME, GUESSES, Index
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.machine import Machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source

SCHEMA_VERSION = 1
Inventory = dict[str, Any]

# A source that rounds is no contradiction.
_TOLERANCE = 0.02
_COMPARED = ("cpus", "memory_mib", "power", "firmware", *machine.SITE)
# Words for tiers, where a site writes no number.
_TIERS = {
    "life": 1,
    "critical": 1,
    "mission critical": 1,
    "very high": 1,
    "gold": 1,
    "high": 2,
    "silver": 2,
    "medium": 3,
    "bronze": 3,
    "low": 4,
}
_NUMBER = re.compile(r"(?:^|[^0-9])([1-9])(?:[^0-9]|$)")


def joined(sources: Sequence[Source], notes: Notes, today: str) -> Inventory:
    """The normal form, in an order that depends on nothing but its content."""
    index, machines = Index(), list[Machine]()
    for source in sources:
        _take(source, index, machines, notes)
    if not machines:
        raise Unusable("no source lists machines; give an export of the platform, such as one of RVTools.")
    _close_over_names(machines)
    series = _series(sources, index, notes)
    return {
        "schema_version": SCHEMA_VERSION,
        "today": today,
        "sources": [_described(source, notes) for source in sources],
        "machines": sorted(machines, key=lambda each: each["id"]),
        "left_out": sorted((each for source in sources for each in source.left_out), key=lambda each: (each["name"], each["reason"])),
        "hosts": [host for source in sources for host in source.hosts],
        "clusters": [cluster for source in sources for cluster in source.clusters],
        "flows": _flows(sources, index, notes),
        "samples": {name: series[name] for name in sorted(series)},
        "records": notes.records,
    }


def _described(source: Source, notes: Notes) -> dict[str, Any]:
    count = {"machines": len(source.machines), "flows": len(source.flows), "samples": sum(map(len, source.samples.values()))}
    observed = {"kind": source.kind, "exported": source.exported or None, **{name: number for name, number in count.items() if number}}
    undated = "" if source.exported else "the day of the export is not in the file, so nobody knows how old it is: give it as exported"
    notes.source(source.name, bool(source.exported), observed, undated)
    return {"name": source.name, "kind": source.kind, "exported": source.exported, **count}


# -- machines --------------------------------------------------------------------


def _take(source: Source, index: Index, machines: list[Machine], notes: Notes) -> None:
    """Add what one source says: to machines that are known, and otherwise as new ones."""
    used: set[int] = set()
    fresh: list[Machine] = []
    for each in source.machines:
        _normalise(each, notes)
        match = index.of(each, used)
        if match.one is not None:
            known = match.one
            # A site's own sheet is kept by the names of machines, so the whole name is no guess there.
            meant = not source.complete and match.how == BY_NAME and each["name"].lower() == known["name"].lower()
            if match.how in GUESSES and not meant:
                notes.guess(known["name"], f"{each['name']} of {source.name} was taken for it by {match.how}", source.name, each["id"])
            used.add(id(known))
            _merge(known, each, notes)
            index.add(known)
        elif match.machines:
            names = sorted(other["id"] for other in match.machines)[:5]
            notes.guess(
                each["name"],
                f"{match.how} in {source.name} fits {len(match.machines)} machines, so nothing is taken from there",
                source.name,
                names,
            )
            if source.complete:
                fresh.append(each)
        elif source.complete:
            fresh.append(each)
        else:
            notes.guess(each["name"], f"no inventory of a platform has this machine of {source.name}; it is left out", source.name)
    for each in fresh:
        machines.append(each)
        index.add(each)


def _normalise(found: Machine, notes: Notes) -> None:
    tier = found["tier"]
    if tier is None or isinstance(tier, int):
        return
    number = _NUMBER.search(str(tier))
    found["tier"] = int(number[1]) if number else _TIERS.get(str(tier).strip().lower())
    if not number:
        meaning = f"was read as {found['tier']}" if found["tier"] else "means nothing here; write a number, 1 for the most critical"
        notes.guess(found["name"], f"the tier {tier} {meaning}", found["sources"][0])


def _merge(known: Machine, other: Machine, notes: Notes) -> None:
    for field in (*machine.HARDWARE, *machine.TEXTS, *machine.FLAGS, *machine.COUNTS, *machine.SITE):
        if other[field] is None:
            continue
        if known[field] is None:
            known[field] = other[field]
        elif field in _COMPARED and not _same(known[field], other[field]):
            _conflict(known, other, field, notes)
    ours, theirs = machine.family(known["os"]), machine.family(other["os"])
    if ours and theirs and ours != theirs and "linux" not in (ours, theirs):
        _conflict(known, other, "os", notes)
    known["addresses"] = machine.addresses([*known["addresses"], *other["addresses"]])
    known["macs"] = sorted({*known["macs"], *other["macs"]})
    for field in ("disks", "partitions", "nics"):
        known[field] = known[field] or other[field]
    if known["rules"] is None:
        known["rules"] = other["rules"]
    known["usage"] = {**other["usage"], **known["usage"]}
    known["attributes"] = {**other["attributes"], **known["attributes"]}
    known["sources"] = [*known["sources"], *(name for name in other["sources"] if name not in known["sources"])]
    if known["platform"] == "unknown":
        known["platform"] = other["platform"]


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return abs(ours - theirs) <= _TOLERANCE * max(abs(ours), abs(theirs))
    return str(ours).strip().lower() == str(theirs).strip().lower()


def _conflict(known: Machine, other: Machine, field: str, notes: Notes) -> None:
    notes.conflict(known["name"], field, {known["sources"][0]: known[field], other["sources"][0]: other[field]}, known[field])


def _close_over_names(machines: Sequence[Machine]) -> None:
    """What people see are names; where two machines have one name, the cluster or the id stands beside it."""
    counts: dict[str, int] = {}
    for each in machines:
        counts[each["name"]] = counts.get(each["name"], 0) + 1
    labels: dict[str, int] = {}
    for each in machines:
        each["label"] = each["name"] if counts[each["name"]] == 1 else f"{each['name']} ({each['cluster'] or each['id']})"
        labels[each["label"]] = labels.get(each["label"], 0) + 1
    for each in machines:
        if labels[each["label"]] > 1:
            each["label"] = f"{each['name']} ({each['id']})"


# -- flows and samples ----------------------------------------------------------------


def _flows(sources: Sequence[Source], index: Index, notes: Notes) -> list[dict[str, Any]]:
    """Each flow once, between ids of machines where they are known and addresses where not."""
    ends: dict[str, str] = {}
    found: dict[tuple[str, str, str, int], dict[str, Any]] = {}
    for source in sources:
        for flow in source.flows:
            start, end = (_end(flow[side], index, ends, notes, source.name) for side in ("source", "destination"))
            if not start or not end or start == end:
                continue
            name = (start, end, flow["protocol"], flow["port"])
            known = found.setdefault(name, {**flow, "source": start, "destination": end, "count": 0, "observed_by": source.name})
            known["count"] += flow["count"]
            known["last"] = max(known["last"], flow["last"])
            known["process"] = known["process"] or flow["process"]
    return [found[name] for name in sorted(found)]


def _end(text: str, index: Index, ends: dict[str, str], notes: Notes, source: str) -> str:
    """The id of a machine, an address outside of the inventory, or nothing for an address that is no machine's."""
    if text not in ends:
        match = index.named(text)
        if match.one is not None:
            ends[text] = match.one["id"]
        elif match.machines:
            notes.guess(text, f"{len(match.machines)} machines answer to it, so its flows in {source} belong to none", source)
            ends[text] = text
        else:
            ends[text] = next(iter(machine.addresses([text])), "" if _is_address(text) else text)
    return ends[text]


def _is_address(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:.%a-z]*", text))


def _series(sources: Sequence[Source], index: Index, notes: Notes) -> dict[str, list[list[Any]]]:
    """Samples by machine, in the order of time; each machine also gets their number and span."""
    found: dict[str, list[list[Any]]] = {}
    for source in sources:
        for name, series in source.samples.items():
            match = index.named(name)
            if match.one is None:
                notes.guess(name, f"its samples in {source.name} fit {len(match.machines) or 'no'} machines, and are left out", source.name)
                continue
            known = found.setdefault(match.one["id"], [])
            known += series
            known.sort(key=lambda sample: sample[0])
            match.one["usage"].update(samples=len(known), first=known[0][0], last=known[-1][0], measures=_measured(known))
    return found


def _measured(series: Sequence[Sequence[Any]]) -> list[str]:
    return [name for index, name in enumerate(samples.MEASURES, start=1) if any(sample[index] is not None for sample in series)]
