# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which flows are tried: every zone, both directions, both versions of IP, every port that matters."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import PROTOCOLS

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy

# Ports that attackers try first, with one that nobody uses; a site may name others.
SAMPLE = {"tcp": (22, 23, 445, 3389, 20404), "udp": (69, 161, 1900, 20404)}
IN, OUT = "in", "out"


@dataclass(frozen=True)
class Flow:
    """One flow to try between the guest and a peer in ``zone``; ``expected`` says whether the policy allows it."""

    direction: str
    zone: str
    guest: str
    peer: str
    protocol: str
    port: int
    expected: bool

    @property
    def source(self) -> str:
        return self.peer if self.direction == IN else self.guest

    @property
    def destination(self) -> str:
        return self.guest if self.direction == IN else self.peer

    @property
    def version(self) -> int:
        return ipaddress.ip_address(self.peer).version

    @property
    def description(self) -> str:
        return f"{self.protocol} {self.port} over IPv{self.version} from {self.source} to {self.destination}"


def planned(policy: Policy, zone: str, addresses: Sequence[str], peers: Mapping[str, str], ports: Mapping[str, set[int]]) -> list[Flow]:
    """Each flow that is to be tried of a guest in ``zone`` with ``addresses``; ``ports`` maps a protocol to its own."""
    own = {ipaddress.ip_address(address).version: address for address in reversed(addresses)}
    return [
        Flow(direction, other, own[version], peer, protocol, port, policy.allows(*_ends(direction, zone, other), protocol, port))
        for peer, other in peers.items()
        for version in [ipaddress.ip_address(peer).version]
        if version in own
        for direction in (IN, OUT)
        for protocol in PROTOCOLS
        for port in sorted(ports[protocol])
    ]


def _ends(direction: str, zone: str, other: str) -> tuple[str, str]:
    return (other, zone) if direction == IN else (zone, other)
