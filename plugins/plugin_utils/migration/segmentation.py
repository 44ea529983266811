# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A draft of a segmentation policy from observed flows, in the form that the role segment reads. Every flow of it is for review."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Union

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.dependencies import slug
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Policy

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# Where the site names no zones, each network of this size is one.
_PREFIX = {4: 24, 6: 64}
_ELSEWHERE = "internet"
# A zone of the segmentation policy has at most so many characters.
_LONGEST = 24
# So many machines are named in a reason.
_NAMED = 2


def draft(inventory: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """``policy`` with zones and flows, and ``unplaced``: machines without an address, whose flows are in none of them."""
    zones = _Zones(policy["zones"])
    machines = {machine["id"]: machine for machine in inventory["machines"]}
    unplaced: set[str] = set()
    seen: dict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
    examples: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for flow in inventory["flows"]:
        ends = []
        for identifier in (flow["source"], flow["destination"]):
            addresses = machines[identifier]["addresses"] if identifier in machines else [identifier]
            zone = zones.of(addresses, identifier in machines)
            if zone is None:
                unplaced.add(identifier)
            ends.append(zone)
        if None in ends:
            continue
        name = (str(ends[0]), str(ends[1]), flow["protocol"])
        seen[name][flow["port"]] += flow["count"]
        if len(examples[name]) < _NAMED:
            examples[name].append(" to ".join(_label(machines, identifier) for identifier in (flow["source"], flow["destination"])))
    flows = [
        {
            "source": source,
            "destination": destination,
            "protocol": protocol,
            "ports": sorted(seen[source, destination, protocol]),
            "reason": f"{_how(sum(seen[source, destination, protocol].values()))}, such as {' and '.join(examples[source, destination, protocol])}",
        }
        for source, destination, protocol in sorted(seen)
    ]
    return {"policy": {"zones": zones.written(), "flows": flows}, "unplaced": sorted(unplaced)}


def _how(connections: int) -> str:
    return f"Observed, for review: {connections} connections" if connections else "Named by the configuration of hosts, for review"


def _label(machines: Mapping[str, Mapping[str, Any]], identifier: str) -> str:
    return str(machines[identifier]["label"]) if identifier in machines else identifier


class _Zones:
    """The site's zones, or one for each network in which a machine was seen."""

    def __init__(self, said: Mapping[str, Sequence[str]]) -> None:
        self._networks: list[tuple[Network, str]] = [
            (ipaddress.ip_network(network), name) for name, networks in said.items() for network in networks
        ]
        self._said = bool(said)
        self._networks.sort(key=lambda pair: (pair[0].version, -pair[0].prefixlen, int(pair[0].network_address)))
        self._known: dict[str, str] = {}

    def of(self, addresses: Sequence[str], ours: bool) -> str | None:
        """The zone of a machine or an address; None where there is no address."""
        try:
            address = ipaddress.ip_address(addresses[0])
        except (IndexError, ValueError):
            return None
        if str(address) not in self._known:
            self._known[str(address)] = self._find(address, ours)
        return self._known[str(address)]

    def _find(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address, ours: bool) -> str:
        found = next((name for network, name in self._networks if network.version == address.version and address in network), None)
        if found:
            return found
        if self._said or not ours:
            for version, everything in ((4, "0.0.0.0/0"), (6, "::/0")):
                if not any(network.version == version and network.prefixlen == 0 for network, unused_name in self._networks):
                    self._networks.append((ipaddress.ip_network(everything), _ELSEWHERE))
            return _ELSEWHERE
        network = ipaddress.ip_network(f"{address}/{_PREFIX[address.version]}", strict=False)
        name = f"net-{slug(str(network.network_address))}"[:_LONGEST].rstrip("-")
        # Before what holds everything.
        self._networks.insert(0, (network, name))
        return name

    def written(self) -> dict[str, Any]:
        zones: dict[str, list[str]] = defaultdict(list)
        for network, name in self._networks:
            zones[name].append(str(network))
        return {name: {"networks": sorted(zones[name])} for name in sorted(zones)}
