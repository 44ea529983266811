# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many hosts the new platform needs, from measured load instead of old specifications."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import packing
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.load import Load, load
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.not_one_to_one import RETIRE
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.packing import Bin, Item
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Names, Policy

GENERAL = "general"
Machine = Mapping[str, Any]

# For a site that has not chosen its hosts yet, so that there is a figure at all; the result says that it is an assumption.
ASSUMED_HOST = {"name": "an assumed host", "cores": 64, "memory_gib": 1024, "numa_nodes": 2}


def sizing(inventory: Mapping[str, Any], policy: Policy, advice: Mapping[str, Any]) -> dict[str, Any]:
    """``clusters`` with their hosts, ``before``, ``total``, and what was assumed or cannot be placed."""
    rules = policy["sizing"]
    host = _host(rules["host"] or ASSUMED_HOST)
    retired = {row["machine"] for row in advice["advice"] if row["advice"] == RETIRE}
    machines = [machine for machine in inventory["machines"] if machine["id"] not in retired]
    apart = [(each["name"], Names(each["machines"])) for each in rules["apart"]]
    members: dict[str, list[Machine]] = {}
    for machine in machines:
        members.setdefault(cluster_of(machine, rules), []).append(machine)
    clusters = [_cluster(name, members[name], inventory, rules, host, apart) for name in sorted(members)]
    return {
        "host": host,
        "assumed_host": rules["host"] is None,
        "clusters": clusters,
        "before": _before(inventory),
        "total": {
            "hosts": sum(cluster["hosts"] for cluster in clusters),
            "lower_bound": sum(cluster["lower_bound"] + cluster["spare_hosts"] for cluster in clusters),
            "machines": sum(cluster["machines"] for cluster in clusters),
            "misfits": sum(len(cluster["misfits"]) for cluster in clusters),
            "unsized": sum(len(cluster["unsized"]) for cluster in clusters),
        },
    }


def cluster_of(machine: Machine, rules: Mapping[str, Any]) -> str:
    """The cluster that a site keeps for such machines; the first that says so."""
    for each in rules["segregation"]:
        asked = {"applications": machine["application"], "roles": machine["role"], "zones": machine["zone"]}
        if "machines" in each and Names(each["machines"]).have(machine):
            return str(each["name"])
        if any(name in each and Names(each[name]).match(value) for name, value in asked.items()):
            return str(each["name"])
        if machine["tier"] in each.get("tiers", ()):
            return str(each["name"])
    return GENERAL


def _host(given: Mapping[str, Any]) -> dict[str, Any]:
    nodes = given.get("numa_nodes", 2)
    reserved = {"reserved_cores": given.get("reserved_cores", 2), "reserved_gib": given.get("reserved_gib", 16)}
    return {"name": "host", "iops": None, "mib_per_second": None, **given, "numa_nodes": nodes, **reserved}


def _capacity(host: Mapping[str, Any]) -> tuple[float, ...]:
    return (
        max(0.0, host["cores"] - host["reserved_cores"]),
        max(0.0, (host["memory_gib"] - host["reserved_gib"]) * 1024),
        host["iops"] or math.inf,
        host["mib_per_second"] or math.inf,
    )


def _cluster(
    name: str,
    machines: Sequence[Machine],
    inventory: Mapping[str, Any],
    rules: Mapping[str, Any],
    host: Mapping[str, Any],
    apart: Sequence[tuple[str, Names]],
) -> dict[str, Any]:
    capacity = _capacity(host)
    sized = [machine for machine in machines if machine["cpus"] and machine["memory_mib"]]
    loads = _loads(sized, inventory["samples"], rules["percentile"])
    ratio = 1.0 if any(machine["tier"] in (1, None) for machine in machines) else rules["memory_ratio"]
    items = [_item(machine, loads, rules, ratio, apart) for machine in sized]
    fitting = [item for item in items if packing.fits_alone(item, capacity)]
    bins = packing.packed(fitting, capacity)
    least = packing.lower_bound(fitting, capacity)
    proof = "proven: the lower bound is reached" if len(bins) == least else f"not proven: {least} hosts may be enough"
    if rules["exact"] and len(bins) > least:
        better, proof = packing.exact(fitting, capacity, len(bins), least, rules["exact_seconds"])
        bins = better or bins
    biggest = packing.largest(fitting, capacity)
    spare = rules["spare_hosts"] if bins else 0
    # A spare host takes the largest machine in one piece. Without one there must be room for it elsewhere, or it can never be moved.
    reserve = 0 if biggest is None or spare or packing.has_room(bins, biggest) else 1
    return {
        "name": name,
        "machines": len(machines),
        "hosts": len(bins) + spare + reserve,
        "needed": len(bins),
        "spare_hosts": spare,
        "reserve_hosts": reserve,
        "lower_bound": least,
        "proof": proof,
        "memory_ratio": ratio,
        "demand": {measure: round(sum(item.needs[at] for item in fitting), 1) for at, measure in enumerate(packing.DIMENSIONS) if fitting},
        "configured": {
            "cpus": sum(machine["cpus"] for machine in sized),
            "memory_mib": round(sum(machine["memory_mib"] for machine in sized)),
        },
        "coverage": _coverage(sized, loads),
        "largest": biggest.name if biggest else None,
        "wide": [machine["id"] for machine in sized if _is_wide(machine, host)],
        "misfits": sorted(item.name for item in items if not packing.fits_alone(item, capacity)),
        "unsized": sorted(machine["id"] for machine in machines if not (machine["cpus"] and machine["memory_mib"])),
        "layout": [_layout(each, capacity) for each in bins],
    }


def _loads(machines: Sequence[Machine], samples: Mapping[str, Any], percent: float) -> dict[str, Load]:
    names = [machine["id"] for machine in machines]
    cores = {machine["id"]: machine["cpus"] / 100 for machine in machines}
    ones = dict.fromkeys(names, 1.0)
    return {
        measure: load(names, samples, measure, factors, percent)
        for measure, factors in (("cpu_percent", cores), ("iops", ones), ("mib_per_second", ones))
    }


def _item(machine: Machine, loads: Mapping[str, Load], rules: Mapping[str, Any], ratio: float, apart: Sequence[tuple[str, Names]]) -> Item:
    """What a machine needs of a host: its part of what all need at once, with the comfort factor; memory is as configured."""
    measured = loads["cpu_percent"].each.get(machine["id"])
    cores = machine["cpus"] / rules["cpu_ratio"] if measured is None else measured * loads["cpu_percent"].scale
    return Item(
        machine["id"],
        (
            cores * rules["comfort"],
            machine["memory_mib"] / ratio,
            *(
                loads[measure].each.get(machine["id"], 0.0) * loads[measure].scale * rules["comfort"]
                for measure in ("iops", "mib_per_second")
            ),
        ),
        frozenset(name for name, names in apart if names.have(machine)),
    )


def _coverage(machines: Sequence[Machine], loads: Mapping[str, Load]) -> dict[str, Any]:
    """How much of the load was measured; the rest follows from the configuration."""
    return {
        "machines": len(machines),
        **{
            measure: {"measured": len(found.each), "moments": found.moments, "complete": found.coverage} for measure, found in loads.items()
        },
    }


def _is_wide(machine: Machine, host: Mapping[str, Any]) -> bool:
    """Does a machine need more than one NUMA node of a host has? Then a part of its memory is always far from its processors."""
    return bool(
        machine["cpus"] > host["cores"] / host["numa_nodes"] or machine["memory_mib"] > host["memory_gib"] * 1024 / host["numa_nodes"]
    )


def _layout(each: Bin, capacity: Sequence[float]) -> dict[str, Any]:
    used = {
        measure: round(1 - free / room, 3)
        for measure, free, room in zip(packing.DIMENSIONS, each.free, capacity)
        if room not in (0, math.inf)
    }
    return {"machines": [item.name for item in each.items], "used": used}


def _before(inventory: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The clusters of today, as far as the inventory has their hosts."""
    clusters: dict[str, dict[str, Any]] = {}
    for host in inventory["hosts"]:
        found = clusters.setdefault(host["cluster"] or "no cluster", {"hosts": 0, "cores": 0, "memory_mib": 0})
        found["hosts"] += 1
        found["cores"] += host["cores"] or 0
        found["memory_mib"] += host["memory_mib"] or 0
    return [{"name": name, **clusters[name], "memory_mib": round(clusters[name]["memory_mib"])} for name in sorted(clusters)]
