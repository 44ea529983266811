# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bringing the bounds of a guest to what a site asks for: of the guest as it runs first, then of its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds import starving
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.commands import commands
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.current import Bounds, bounds
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.wanted import BadRequest, Request, wanted
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import Guest, VirshError

LIVE, CONFIG = "live", "config"


@dataclass(frozen=True)
class Plan:
    """What is to be done with one of the two definitions of a guest."""

    state: str
    definition: Definition
    before: Bounds
    changes: Bounds

    @property
    def after(self) -> Bounds:
        return {name: value for name, value in {**self.before, **self.changes}.items() if value}


def plans(guest: Guest, request: Request) -> list[Plan]:
    """Refuses in a sentence what would starve the guest, before anything is changed."""
    states = [(LIVE, guest.live)] if guest.running else []
    states += [(CONFIG, guest.configured)] if guest.persistent else []
    found = [_plan(state, read(), request) for state, read in states]
    reasons = dict.fromkeys(reason for plan in found for reason in starving.refusals(plan.definition, plan.after, request["minimum"] or {}))
    if reasons:
        raise BadRequest("; ".join(reasons))
    return found


def _plan(state: str, definition: Definition, request: Request) -> Plan:
    before = bounds(definition)
    changes = {name: value for name, value in wanted(request, definition).items() if before.get(name, 0) != (value or 0)}
    return Plan(state, definition, before, changes)


def apply(guest: Guest, plan: Plan) -> None:
    """Set what differs, and read it again: libvirt does not refuse everything that it does not do."""
    for command in commands(plan.changes, plan.after, plan.definition):
        verb, *words = command.words
        guest.virsh.tell(verb, f"--domain={guest.uuid}", *words, f"--{plan.state}", stdin=command.stdin)
    if plan.changes:
        now = bounds(guest.live() if plan.state == LIVE else guest.configured())
        lost = [name for name, value in plan.changes.items() if now.get(name, 0) != (value or 0)]
        if lost:
            raise VirshError(f"libvirt accepted {lost[0]} of {plan.changes[lost[0]]} and has {now.get(lost[0], 'none')} instead")


def shown(which: Bounds) -> dict[str, Any]:
    return {str(name): value for name, value in sorted(which.items())}
