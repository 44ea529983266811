# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site's segmentation: zones with their networks, and the flows between them that are allowed; all else is denied."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Union

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import each

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

PROTOCOLS = ("tcp", "udp")
# What an address that lies in no zone belongs to.
ELSEWHERE = "elsewhere"
# Documentation and private networks are often filtered as such, so an address that stands for anywhere is none of those.
_ANYWHERE = {4: ipaddress.ip_address("9.9.9.9"), 6: ipaddress.ip_address("2620:fe::9")}


@dataclass(frozen=True)
class Allowed:
    """One flow that the policy allows; ``ports`` are pairs of a first and a last port."""

    source: str
    destination: str
    protocol: str
    ports: tuple[tuple[int, int], ...]
    reason: str

    def covers(self, source: str, destination: str, protocol: str, port: int) -> bool:
        return (self.source, self.destination, self.protocol) == (source, destination, protocol) and any(
            first <= port <= last for first, last in self.ports
        )


class Policy:
    """``zones`` maps a name to its networks; ``devices`` are those of them with medical devices."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.zones = {name: [ipaddress.ip_network(network) for network in zone["networks"]] for name, zone in data["zones"].items()}
        self.devices = {name for name, zone in data["zones"].items() if zone.get("medical_devices")}
        self.flows = [
            Allowed(source, destination, flow["protocol"], tuple(span(port) for port in flow["ports"]), flow["reason"])
            for flow in data["flows"]
            for source in each(flow["source"])
            for destination in each(flow["destination"])
        ]

    def zone_of(self, address: Address | str) -> str:
        """The zone that an address lies in, by the smallest of the networks that have it."""
        address = ipaddress.ip_address(address)
        return next((zone for network, zone in self.by_size() if address.version == network.version and address in network), ELSEWHERE)

    def by_size(self) -> list[tuple[Network, str]]:
        """Each network with its zone, the smallest first: the order in which they are to be asked."""
        pairs = [(network, zone) for zone, networks in self.zones.items() for network in networks]
        return sorted(pairs, key=lambda pair: (pair[0].version, -pair[0].prefixlen, int(pair[0].network_address)))

    def allows(self, source: str, destination: str, protocol: str, port: int) -> bool:
        return any(flow.covers(source, destination, protocol, port) for flow in self.flows)

    def ports(self, protocol: str) -> set[int]:
        """The ports that some flow names, with both ends of each range and what lies next to them."""
        spans = [pair for flow in self.flows if flow.protocol == protocol for pair in flow.ports]
        near = {first - 1 for first, last in spans if first != last} | {last + 1 for first, last in spans if first != last}
        return {port for pair in spans for port in pair} | {port for port in near if 0 < port < 65536}

    def peers(self, taken: Sequence[str] = ()) -> dict[str, str]:
        """One address in each network of each zone, and one in none, which are not ``taken``: {address: zone}."""
        used = {ipaddress.ip_address(address) for address in taken}
        networks = [network for network, unused_zone in self.by_size()]
        everything = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
        found = (self._address(network, used) for network in networks + [net for net in everything if net not in networks])
        return {str(address): self.zone_of(address) for address in found if address}

    def address(self, zone: str, version: int) -> str | None:
        """An address for a host of a zone, or None when the zone has no such network."""
        for network in self.zones[zone]:
            if network.version == version and (address := self._address(network, set())):
                return str(address)
        return None

    def _address(self, network: Network, taken: Collection[Address]) -> Address | None:
        """An address of a network that lies in no smaller one."""
        first = _ANYWHERE[network.version] if network.prefixlen == 0 else network.network_address
        inner = sorted(
            (other for other, unused_zone in self.by_size() if other != network and _within(other, network)),
            key=lambda other: int(other.network_address),
        )
        address = first + (1 if network.num_addresses > 2 and network.prefixlen else 0)
        while address in network:
            around = next((other for other in inner if address in other), None)
            if around is None and address not in taken:
                return address
            address = (around.broadcast_address if around else address) + 1
        return None


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


def span(port: str | int) -> tuple[int, int]:
    """The first and the last port of ``443`` or ``"8000-8100"``."""
    first, unused_dash, last = str(port).partition("-")
    return int(first), int(last or first)
