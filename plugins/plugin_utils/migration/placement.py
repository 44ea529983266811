# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the new hosts are one cluster or several, and what that costs: hosts, and traffic between clusters and sites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Policy
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.sizing import cluster_of, sizing

# So many pairs of clusters are named with what they say to each other.
_MOST_PAIRS = 50


def placement(inventory: Mapping[str, Any], policy: Policy, sized: Mapping[str, Any], advice: Mapping[str, Any]) -> dict[str, Any]:
    """``clusters`` with the reason for each, ``one`` or ``several``, the ``traffic`` between them, and ``advice`` in sentences."""
    rules = policy["sizing"]
    sites = {each["name"]: each.get("site") for each in rules["segregation"]}
    together = sizing(inventory, {**policy, "sizing": {**rules, "segregation": [], "exact": False}}, advice)["total"]["hosts"]
    several = sized["total"]["hosts"]
    traffic = _traffic(inventory, rules, sites)
    clusters = [
        {
            "name": cluster["name"],
            "hosts": cluster["hosts"],
            "machines": cluster["machines"],
            "site": sites.get(cluster["name"]),
            "why": _why(cluster["name"], rules),
        }
        for cluster in sized["clusters"]
    ]
    return {
        "clusters": clusters,
        "one": {"hosts": together},
        "several": {"hosts": several},
        "traffic": traffic,
        "advice": _advice(sized["clusters"], together, several, traffic),
    }


def _why(name: str, rules: Mapping[str, Any]) -> str:
    for each in rules["segregation"]:
        if each["name"] == name:
            parts = [
                f"{what} {', '.join(map(str, each[what]))}"
                for what in ("machines", "applications", "roles", "zones", "tiers")
                if what in each
            ]
            return f"The site keeps {' or '.join(parts) or 'it'} apart from all others."
    return "Nothing keeps these machines apart." if rules["segregation"] else "The site keeps nothing apart."


def _traffic(inventory: Mapping[str, Any], rules: Mapping[str, Any], sites: Mapping[str, Any]) -> list[dict[str, Any]]:
    clusters = {machine["id"]: cluster_of(machine, rules) for machine in inventory["machines"]}
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for flow in inventory["flows"]:
        ends = clusters.get(flow["source"]), clusters.get(flow["destination"])
        if ends[0] and ends[1] and ends[0] != ends[1]:
            counts[ends[0], ends[1]][0] += 1
            counts[ends[0], ends[1]][1] += flow["count"]
    rows: list[dict[str, Any]] = [
        {
            "source": source,
            "destination": destination,
            "flows": flows,
            "count": count,
            "crosses_sites": bool(sites.get(source) and sites.get(destination) and sites[source] != sites[destination]),
        }
        for (source, destination), (flows, count) in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row["flows"], row["source"], row["destination"]))[:_MOST_PAIRS]


def _advice(clusters: list[dict[str, Any]], together: int, several: int, traffic: list[dict[str, Any]]) -> list[str]:
    said = []
    if len(clusters) > 1:
        more = several - together
        said.append(
            f"{len(clusters)} clusters need {several} hosts, one cluster would need {together}: keeping them apart costs {more} hosts."
            if more > 0
            else f"{len(clusters)} clusters need {several} hosts, no more than one cluster would."
        )
        said += [
            f"{cluster['name']} fills {cluster['needed']} and needs {cluster['spare_hosts'] + cluster['reserve_hosts']} in reserve: keep it as a "
            f"cluster of its own only if the segregation is required."
            for cluster in clusters
            if cluster["needed"] == 1
        ]
    elif clusters:
        said.append(f"One cluster of {several} hosts is enough; nothing in the policy asks for several.")
    said += [
        f"{row['source']} and {row['destination']} are at two sites and share {row['flows']} flows: put them at one, or measure the link."
        for row in traffic
        if row["crosses_sites"]
    ]
    return said
