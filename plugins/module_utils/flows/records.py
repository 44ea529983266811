# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The flows as result records: one for each zone and direction, in which the wrong flows are named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.flows.packets import ALLOWED
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import ELSEWHERE
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.flows.plan import Flow

# How many groups of wrong flows a sentence names, with how many ports each, and how many flows a record keeps.
MOST_NAMED, PORTS, KEPT = 4, 6, 20


def of_flows(zones: Iterable[str], flows: Sequence[Flow], outcomes: Sequence[str], stage: str, read_from: str) -> list[Record]:
    """``zones`` are those of the policy; each has a record for both directions when something was tried there."""
    groups: dict[Any, list[tuple[Flow, str]]] = {}
    for flow, outcome in zip(flows, outcomes):
        groups.setdefault((flow.direction, flow.zone), []).append((flow, outcome))
    ordered = [(direction, zone) for zone in [*zones, ELSEWHERE] for direction in ("in", "out")]
    return [_record(*key, groups[key], stage, read_from) for key in ordered if key in groups]


def of_findings(messages: dict[str, str], stage: str, read_from: str) -> list[Record]:
    return [
        result.record(name, result.FAIL if message else result.PASS, stage, read_from=read_from, message=message)
        for name, message in messages.items()
    ]


def unloadable(message: str, stage: str, read_from: str) -> list[Record]:
    """A ruleset that cannot be loaded protects nothing."""
    return [result.record("segment-loaded", result.FAIL, stage, read_from=read_from, message=message)]


def unjudged(message: str, stage: str, read_from: str) -> list[Record]:
    """One record for all that could not be looked at."""
    return [result.record("segment-testable", result.NOT_CHECKED, stage, read_from=read_from, message=message)]


def _record(direction: str, zone: str, group: list[tuple[Flow, str]], stage: str, read_from: str) -> Record:
    wrong = [(flow, outcome) for flow, outcome in group if (outcome == ALLOWED) != flow.expected]
    allowed = sum(flow.expected for flow, unused_outcome in group)
    passed = sum(outcome == ALLOWED for unused_flow, outcome in group)
    return result.record(
        f"segment-{direction}-{zone}",
        result.FAIL if wrong else result.PASS,
        stage,
        {
            "flows tried": len(group),
            "of these allowed": allowed,
            **{flow.description: _wanted(flow) for flow, unused_outcome in wrong[:KEPT]},
        },
        {"flows tried": len(group), "of these allowed": passed, **{flow.description: outcome for flow, outcome in wrong[:KEPT]}},
        read_from,
        _sentence(wrong),
    )


def _wanted(flow: Flow) -> str:
    return ALLOWED if flow.expected else "denied"


def _sentence(wrong: Sequence[tuple[Flow, str]]) -> str:
    """The ports that went wrong between the same two in the same way are named together."""
    groups: dict[Any, list[str]] = {}
    for flow, outcome in wrong:
        groups.setdefault((flow.protocol, flow.version, flow.source, flow.destination, flow.expected, outcome), []).append(str(flow.port))
    phrases = [
        f"{protocol} {_some(ports)} over IPv{version} from {source} to {destination} {'is' if len(ports) == 1 else 'are'} {outcome}, "
        f"and the policy {'allows' if expected else 'does not allow'} it"
        for (protocol, version, source, destination, expected, outcome), ports in groups.items()
    ]
    return "; ".join(phrases[:MOST_NAMED] + ([f"and {len(phrases) - MOST_NAMED} more like this"] if len(phrases) > MOST_NAMED else []))


def _some(ports: list[str]) -> str:
    return ", ".join(ports if len(ports) <= PORTS else [*ports[:PORTS], f"and {len(ports) - PORTS} more"])
