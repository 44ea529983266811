# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The flows as result records: one for each zone and direction, in which the wrong flows are named."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.flows.findings import TITLES
from ansible_collections.hygeia.golden.plugins.module_utils.flows.packets import ALLOWED
from ansible_collections.hygeia.golden.plugins.module_utils.flows.plan import IN
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import ELSEWHERE
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

REFERENCES = {
    "nist_800_53": ["SC-7", "SC-7(5)", "AC-4"],
    "hipaa": ["164.308(a)(1)(ii)(B)", "164.312(e)(1)"],
    "hph_cpg": ["network-segmentation"],
    "nprm_2025": ["164.312(a)(2)(vi)"],
}
# How many groups of wrong flows a sentence names, with how many ports each, and how many flows a record keeps.
TOLD, PORTS, KEPT = 4, 6, 20


def of_flows(zones, flows, outcomes, stage, read_from):
    """``zones`` are those of the policy; each has a record for both directions when something was tried there."""
    groups = {}
    for flow, outcome in zip(flows, outcomes):
        groups.setdefault((flow.direction, flow.zone), []).append((flow, outcome))
    ordered = [(direction, zone) for zone in [*zones, ELSEWHERE] for direction in ("in", "out")]
    return [_record(*key, groups[key], stage, read_from) for key in ordered if key in groups]


def of_findings(messages, stage, read_from):
    return [
        _joined(result.record(name, result.FAIL if message else result.PASS, stage, read_from=read_from, message=message), *TITLES[name])
        for name, message in messages.items()
    ]


def unloadable(message, stage, read_from):
    """A ruleset that cannot be loaded protects nothing."""
    return [_joined(result.record("segment-loaded", result.FAIL, stage, read_from=read_from, message=message), *TITLES["segment-loaded"])]


def unjudged(message, stage, read_from):
    """One record for all that could not be looked at."""
    record = result.record("segment-judged", result.NOT_CHECKED, stage, read_from=read_from, message=message)
    return [_joined(record, "The packet filter can be tried with real packets", "high")]


def _record(direction, zone, group, stage, read_from):
    wrong = [(flow, outcome) for flow, outcome in group if (outcome == ALLOWED) != flow.expected]
    allowed = sum(flow.expected for flow, unused_outcome in group)
    passed = sum(outcome == ALLOWED for unused_flow, outcome in group)
    record = result.record(
        f"segment-{direction}-{zone}", result.FAIL if wrong else result.PASS, stage,
        {"flows tried": len(group), "of these allowed": allowed, **{flow.told: _wanted(flow) for flow, unused_outcome in wrong[:KEPT]}},
        {"flows tried": len(group), "of these allowed": passed, **{flow.told: outcome for flow, outcome in wrong[:KEPT]}},
        read_from, _sentence(wrong),
    )
    place = "outside all zones" if zone == ELSEWHERE else f"the zone {zone}"
    what = f"Only flows of the policy come in from {place}" if direction == IN else f"Only flows of the policy go out to {place}"
    return _joined(record, what, "high")


def _wanted(flow):
    return ALLOWED if flow.expected else "denied"


def _sentence(wrong):
    """The ports that went wrong between the same two in the same way are told together."""
    groups = {}
    for flow, outcome in wrong:
        groups.setdefault((flow.protocol, flow.version, flow.source, flow.destination, flow.expected, outcome), []).append(str(flow.port))
    told = [
        f"{protocol} {_some(ports)} over IPv{version} from {source} to {destination} {'is' if len(ports) == 1 else 'are'} {outcome}, "
        f"and the policy {'allows' if expected else 'does not allow'} it"
        for (protocol, version, source, destination, expected, outcome), ports in groups.items()
    ]
    return "; ".join(told[:TOLD] + ([f"and {len(told) - TOLD} more like this"] if len(told) > TOLD else []))


def _some(ports):
    return ", ".join(ports if len(ports) <= PORTS else [*ports[:PORTS], f"and {len(ports) - PORTS} more"])


def _joined(record, title, severity):
    return {**record, "title": title, "severity": severity, "references": REFERENCES}
