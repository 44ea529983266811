# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site's segmentation policy: read, checked, and turned into what a ruleset says for one zone."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any, Union

from ansible_collections.hygeia.golden.plugins.module_utils.flows import probes
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import ELSEWHERE, Policy, span
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import each
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry, PolicyError, load

# The longest comment that nft takes is 128 bytes.
_COMMENT = 120

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


def read(path: str) -> dict[str, Any]:
    """The policy of a file; whatever is wrong with it is reported at once."""
    document = load(path)
    problems = schema.problems(document.data, "segmentation", document.place)
    problems = problems or [f"{document.place()}: {problem}" for problem in _mistakes(document.data)]
    problems = problems or [f"{document.place()}: {problem}" for problem in _probe_mistakes(document.data)]
    if problems:
        raise PolicyError(*problems)
    return document.data


def _mistakes(data: dict[str, Any]) -> Iterator[str]:
    """What a schema cannot say."""
    owners: dict[Network | None, str] = {}
    for name, zone in data["zones"].items():
        if name == ELSEWHERE:
            yield f"zones: {ELSEWHERE} stands for addresses outside all zones; give the zone another name."
        for text in zone["networks"]:
            network, problem = _network(text)
            if problem:
                yield f"zones: {name}: networks: {problem}"
            elif (other := owners.setdefault(network, name)) != name:
                yield f"zones: {name}: networks: {text} belongs to {other} too; leave it out of one of them."
    for index, flow in enumerate(data["flows"]):
        here = f"flows: number {index + 1}"
        for end in ("source", "destination"):
            for name in each(flow[end]):
                if name not in data["zones"]:
                    yield f"{here}: {end}: there is no zone {name}; choose one of {', '.join(data['zones'])}."
        for port in flow["ports"]:
            first, last = span(port)
            if not 0 < first <= last < 65536:
                yield f"{here}: ports: {port} is not a valid range; write the lower port first, and none above 65535."


def _probe_mistakes(data: dict[str, Any]) -> Iterator[str]:
    """Probes that may not be sent, and those that do not expect what the flows say."""
    policy = Policy(data)
    names: set[str] = set()
    for entry in data.get("probes", []):
        here = f"probes: {entry['name']}"
        if entry["name"] in names:
            yield f"{here}: the name is there twice; give one of them another name."
        names.add(entry["name"])
        unknown = [zone for zone in each(entry["source"]) if zone not in policy.zones]
        refused = probes.refusal(policy, entry["address"])
        if unknown:
            yield f"{here}: source: there is no zone {unknown[0]}; choose one of {', '.join(policy.zones)}."
        elif refused:
            yield f"{here}: address: {refused}."
        else:
            yield from (f"{here}: {problem}" for zone in each(entry["source"]) for problem in _unlike(policy, entry, zone))
    for zone in policy.zones:
        number = len(probes.of(data, zone))
        if number > probes.MOST:
            yield f"probes: {number} are sent from {zone}, and {probes.MOST} may be: a list of endpoints must not become a scan; leave some out."


def _unlike(policy: Policy, entry: Entry, zone: str) -> Iterator[str]:
    target = policy.zone_of(entry["address"])
    allowed = policy.allows(zone, target, entry["protocol"], entry["port"])
    if allowed != (entry["expected"] == "allowed"):
        flow = f"{entry['protocol']} {entry['port']} from {zone} to {target}"
        said = f"a flow allows {flow}" if allowed else f"no flow allows {flow}"
        yield f"expected: {said}; expect the probe to be {'allowed' if allowed else 'denied'}, or change the flows."


def _network(text: str) -> tuple[Network | None, str]:
    try:
        return ipaddress.ip_network(text), ""
    except ValueError:
        pass
    try:
        return None, f"{text} is an address in {ipaddress.ip_network(text, strict=False)}; write the network."
    except ValueError:
        return None, f"{text} is not a valid network; write one such as 10.20.0.0/16 or fd00:20::/48."


def rules(data: dict[str, Any], zone: str) -> dict[str, dict[str, Any]]:
    """What a ruleset of a host in ``zone`` says, for both directions.

    ``order`` are the networks, the smallest first, each with its zone; ``zones`` maps each of these to what it may do.
    """
    policy = Policy(data)
    if zone not in policy.zones:
        raise PolicyError(f"there is no zone {zone}; choose one of {', '.join(policy.zones)}.")
    order = [
        {"family": "ip" if network.version == 4 else "ip6", "network": str(network), "zone": name} for network, name in policy.by_size()
    ]
    return {
        "in": {"order": order, "zones": {name: _rules(policy, name, zone) for name in policy.zones}},
        "out": {"order": order, "zones": {name: _rules(policy, zone, name) for name in policy.zones}},
    }


def _rules(policy: Policy, source: str, destination: str) -> list[dict[str, str]]:
    return [
        {"protocol": flow.protocol, "ports": _ports(flow.ports), "comment": _comment(flow.reason)}
        for flow in policy.flows
        if (flow.source, flow.destination) == (source, destination)
    ]


def _ports(spans: Iterable[tuple[int, int]]) -> str:
    """Ports in the words of nft, which takes no set whose parts overlap."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in joined)


def _comment(reason: str) -> str:
    """A text that fits between quotes."""
    text = " ".join(reason.replace('"', "'").replace("\\", "/").split())
    return text.encode()[:_COMMENT].decode(errors="ignore")
