# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole plan, and each part of it on its own: the parts that a part builds on are made first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import segmentation, unknowns
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.concerns import concerns
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.dependencies import INSIDE, dependencies
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.not_one_to_one import gibibytes, not_one_to_one
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.placement import placement as placed
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Policy
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.sizing import cluster_of
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.sizing import sizing as sized
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.waves import waves as scheduled

SCHEMA_VERSION = 1
Inventory = Mapping[str, Any]
Plan = dict[str, Any]

# What of a machine is in the plan as the inventory has it; disks and cards are not.
_KEPT = (
    *("id", "name", "label", "platform", "power", "os", "cpus", "memory_mib", "addresses", "macs", "dns_name", "cluster"),
    *("application", "owner", "tier", "rto_hours", "rpo_hours", "vendor", "window", "sources"),
)


def advice(inventory: Inventory, policy: Policy) -> dict[str, Any]:
    return not_one_to_one(inventory, policy)


def waves(inventory: Inventory, policy: Policy) -> dict[str, Any]:
    return scheduled(inventory, policy, dependencies(inventory, policy), concerns(inventory, policy), advice(inventory, policy))


def sizing(inventory: Inventory, policy: Policy) -> dict[str, Any]:
    return sized(inventory, policy, advice(inventory, policy))


def placement(inventory: Inventory, policy: Policy) -> dict[str, Any]:
    return placed(inventory, policy, sizing(inventory, policy), advice(inventory, policy))


def plan(inventory: Inventory, policy: Policy) -> Plan:
    """Everything, as plan.json has it; the same inventory and policy give the same plan."""
    depends, found, other = dependencies(inventory, policy), concerns(inventory, policy), advice(inventory, policy)
    when = scheduled(inventory, policy, depends, found, other)
    hosts = sized(inventory, policy, other)
    where = placed(inventory, policy, hosts, other)
    drafted = segmentation.draft(inventory, policy)
    machines = _machines(inventory, policy, depends, found, when, other)
    return {
        "schema_version": SCHEMA_VERSION,
        "day": inventory["today"],
        "policy": policy,
        "sources": inventory["sources"],
        "figures": _figures(machines, when, hosts, found),
        "machines": machines,
        "left_out": inventory["left_out"],
        "groups": [{**group, **when["groups"].get(group["name"], _NOT_MOVED)} for group in depends["groups"]],
        "services": [{**service, "waves": _waves_of(service, when)} for service in depends["services"]],
        "edges": [edge for edge in depends["edges"] if edge["sort"] != INSIDE],
        "parted": depends["parted"],
        "silent": depends["silent"],
        **{name: when[name] for name in ("waves", "unscheduled", "crossing", "stay", "retired")},
        "concerns": found["concerns"],
        "hosts": hosts,
        "placement": where,
        "advice": other["advice"],
        "segmentation": drafted["policy"],
        "unknown": unknowns.unknowns(inventory, depends, found, when, hosts, other, drafted["unplaced"]),
        "records": inventory["records"],
    }


def _waves_of(service: Mapping[str, Any], when: Mapping[str, Any]) -> list[int]:
    """The numbers of the waves in which the machines of a service move."""
    inside = set(service["machines"])
    return [wave["number"] for wave in when["waves"] if inside & set(wave["machines"])]


# Of a group whose machines are all retired.
_NOT_MOVED: dict[str, Any] = {"wave": None, "complexity": None, "why": [], "risk": None, "gib": None, "unsized": 0, "said": []}


def _machines(
    inventory: Inventory,
    policy: Policy,
    depends: Mapping[str, Any],
    found: Mapping[str, Any],
    when: Mapping[str, Any],
    other: Mapping[str, Any],
) -> list[dict[str, Any]]:
    group_of = {name: group["name"] for group in depends["groups"] for name in group["machines"]}
    wave_of = {name: wave["name"] for wave in when["waves"] for name in wave["machines"]}
    advised: dict[str, list[str]] = {}
    for row in other["advice"]:
        advised.setdefault(row["machine"], []).append(row["advice"])
    return [
        {
            **{field: machine[field] for field in _KEPT},
            "gib": gibibytes(machine),
            "group": group_of[machine["id"]],
            "wave": wave_of.get(machine["id"]),
            "new_cluster": cluster_of(machine, policy["sizing"]),
            "readiness": found["machines"][machine["id"]]["readiness"],
            "concerns": {state: found["machines"][machine["id"]][state] for state in ("found", "unknown", "accepted")},
            "advice": advised.get(machine["id"], []),
        }
        for machine in inventory["machines"]
    ]


def _figures(
    machines: Sequence[Mapping[str, Any]], when: Mapping[str, Any], hosts: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "machines": len(machines),
        "waves": len(when["waves"]),
        "scheduled": sum(machine["wave"] is not None for machine in machines),
        "unscheduled": sum(len(each["machines"]) for each in when["unscheduled"]),
        "retired": len(when["retired"]),
        "crossing": len(when["crossing"]),
        "hosts": hosts["total"]["hosts"],
        "gib": round(sum(machine["gib"] or 0 for machine in machines), 1),
        **found["readiness"],
    }
