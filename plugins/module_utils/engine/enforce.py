# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Enforcing: controls in, one outcome a control out; each kind writes once, for all controls together."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.engine.group import by_kind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    IN_USE, LOCKOUT, BadSetting, NotInForce, Plan, Refusal, TakenBack,
)

CHANGED = "changed"
UNCHANGED = "unchanged"
REFUSED = "refused"
FAILED = "failed"
NOT_APPLICABLE = "not_applicable"


@dataclass
class Enforced:
    outcomes: list
    changes: list


def enforce(host, controls, partial=False, force=(), force_lockout=()):
    """Make the controls so on ``host``, or with ``host.check`` only say what would change.

    ``partial`` says that these are not all controls of the host, so what was
    written for others stays. ``force`` names controls that are made so although
    an application uses what they take away, ``force_lockout`` those that are
    although the last administrator could not get in again.
    """
    plans = {}
    chosen = {IN_USE: force, LOCKOUT: force_lockout}
    controls = [control.on(host.systems) for control in controls]
    unknown = dict(_unknown(host, controls))
    known = [control for control in controls if control.id not in unknown]
    # What was written for a control of which nothing is known now stays.
    partial = partial or bool(unknown)
    for name in KINDS:
        # Asked anew for each kind: a package that one kind installs makes controls of a later kind apply.
        due = [control for control in known if not control.irrelevant(host)]
        wanted = by_kind(due).get(name, {})
        # Without settings a kind still takes back what it wrote for controls that have left.
        if wanted or not partial:
            forced = {asks: by_kind(control for control in due if control.id in chosen[asks]).get(name, {}) for asks in chosen}
            plans[name] = _enforce_kind(KINDS[name](host), wanted, partial, forced)
    outcomes = [unknown.get(control.id) or _outcome(control, control.irrelevant(host), plans) for control in controls]
    return Enforced(outcomes, [change for plan in plans.values() for change in plan.changes])


def _unknown(host, controls):
    """The outcomes of controls of which it cannot be known whether they apply, such as without a database of packages."""
    for control in controls:
        try:
            control.irrelevant(host)
        except Exception as problem:
            yield control.id, {"control": control.id, "outcome": FAILED, "changed": [], "message": str(problem)}


def _enforce_kind(kind, wanted, partial, forced):
    """Plan and apply one kind; a failure is the outcome of its settings and stops nothing else."""
    try:
        absent = kind.absent()
        plan = Plan(absent=absent) if absent else _considerate(kind, wanted, partial, forced)
    except Exception as problem:
        return Plan(failures={name: str(problem) for name in wanted})
    if not kind.host.check:
        _apply(kind, plan)
    return plan


def _considerate(kind, wanted, partial, forced):
    """The plan without what would break an application that runs or lock out the last administrator; only what is due is asked."""
    plan = _plan(kind, wanted, partial)
    due = {name for change in plan.changes for name in change.names} & wanted.keys()
    asked = list(kind.asks({name: wanted[name] for name in sorted(due)})) if due and kind.host.booted else []
    refusals = [Refusal(refusal.names - forced[refusal.asks].keys(), refusal.why, refusal.asks) for refusal in asked]
    refusals = [refusal for refusal in refusals if refusal.names]
    if refusals:
        left = frozenset().union(*(refusal.names for refusal in refusals))
        plan = _plan(kind, {name: value for name, value in wanted.items() if name not in left}, partial)
        plan.refusals += refusals
    return plan


def _plan(kind, wanted, partial):
    """The plan of all settings that the kind can express; each of the others fails on its own."""
    try:
        return kind.plan(wanted, partial)
    except BadSetting:
        bad = {name: problem for name in wanted for problem in _problem(kind, name, wanted[name])}
        if not bad:
            raise
        plan = kind.plan({name: value for name, value in wanted.items() if name not in bad}, partial)
        plan.failures.update(bad)
        return plan


def _problem(kind, name, value):
    try:
        kind.plan({name: value}, partial=True)
    except BadSetting as problem:
        yield str(problem)


def _apply(kind, plan):
    applied = []
    for change in plan.changes:
        try:
            change.apply()
            applied.append(change)
        except Exception as problem:
            plan.failures.update(dict.fromkeys(change.names, f"{change.target}: {problem}"))
    plan.changes = applied
    if applied and kind.host.booted:
        try:
            kind.reload(applied)
        except NotInForce as problem:
            plan.failures.update(problem.failures)
        except Exception as problem:
            plan.failures.update((name, str(problem)) for change in applied for name in change.names)
            if isinstance(problem, TakenBack):
                plan.changes = []


def _outcome(control, irrelevant, plans):
    """What became of one control: the first of failed, refused, changed, unchanged that any of its settings met."""
    failed, refused, changed, absent = [], [], [], []
    asks = set()
    for kind, settings in control.settings.items():
        plan = plans.get(kind)
        if irrelevant or plan is None:
            continue
        failed += [plan.failures[name] for name in settings if name in plan.failures]
        refusals = [refusal for refusal in plan.refusals if refusal.names & settings.keys()]
        refused += [refusal.why for refusal in refusals]
        asks |= {refusal.asks for refusal in refusals}
        changed += [change.target for change in plan.changes if change.names & settings.keys()]
        absent += [plan.absent] if plan.absent else []
    if irrelevant or len(absent) == len(control.settings):
        outcome, message = NOT_APPLICABLE, [irrelevant] if irrelevant else absent
    elif failed:
        outcome, message = FAILED, failed
    elif refused:
        outcome, message = REFUSED, refused
    else:
        outcome, message = CHANGED if changed else UNCHANGED, []
    return {
        "control": control.id,
        "outcome": outcome,
        "changed": sorted(set(changed)),
        "message": "; ".join(dict.fromkeys(message)),
        "asks": sorted(asks - {""}) if outcome == REFUSED and "" not in asks else [],
    }
