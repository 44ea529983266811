# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kernel is the judge: a system's own ruleset, in namespaces of its own, against real packets."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.flows import findings, packets, plan, records, ruleset
from ansible_collections.hygeia.golden.plugins.module_utils.flows.netns import NetnsError, Unloadable, load, netns
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import PROTOCOLS

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# For a guest whose zone has no network of a version of IP: what it does with such packets counts all the same.
_SPARE = {4: "198.18.0.1", 6: "fd68:7967:6569:6100::1"}
_INTERFACE = "eth0"


def evaluated(
    host: Host,
    policy: Policy,
    zone: str,
    addresses: Sequence[str] = (),
    interface: str | None = None,
    path: str | None = None,
    sample: Mapping[str, Sequence[int]] | None = None,
    stage: str | None = None,
) -> dict[str, Any]:
    """The results, how many flows were tried, and how long the packets took."""
    stage = stage or ("live" if host.booted else "offline")
    rules = None
    try:
        rules = ruleset.read(host, path)
        own = _addresses(policy, zone, addresses)
        peers = policy.peers(own)
        names = rules.interfaces
        interface = interface or next(iter(names), _INTERFACE)
        with netns(host, interface, [name for name in names if name != interface], own, list(peers)) as made:
            listing = load(host, made.guest, rules.source)
            flows = plan.planned(policy, zone, own, peers, _ports(policy, listing, sample or {}))
            start = time.monotonic()
            outcomes = packets.tried(made, flows)
            seconds = time.monotonic() - start
    except (NetnsError, OSError) as problem:
        unproven = records.unloadable if isinstance(problem, Unloadable) else records.unjudged
        return {"results": unproven(str(problem), stage, rules.read_from if rules else ""), "flows": 0, "seconds": 0.0}
    return {
        "results": records.of_flows(policy.zones, flows, outcomes, stage, rules.read_from)
        + records.of_findings(findings.found(rules, listing), stage, rules.read_from),
        "flows": len(flows),
        "seconds": round(seconds, 3),
    }


def _addresses(policy: Policy, zone: str, given: Sequence[str]) -> list[str]:
    """The guest's addresses, those given or some of its zone, and a spare one where there are none of a version."""
    versions = {6 if ":" in address else 4 for address in given}
    spare = [policy.address(zone, version) or _SPARE[version] for version in _SPARE if version not in versions]
    return [*given, *spare]


def _ports(policy: Policy, listing: str, sample: Mapping[str, Sequence[int]]) -> dict[str, set[int]]:
    """What the policy names, what the ruleset names, and ports that neither does."""
    named = ruleset.named_ports(listing)
    return {
        protocol: policy.ports(protocol) | named[protocol] | set(sample.get(protocol) or plan.SAMPLE[protocol]) for protocol in PROTOCOLS
    }
