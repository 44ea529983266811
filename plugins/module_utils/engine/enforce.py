# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Enforcing: controls in, one outcome a control out; each kind writes once, for all controls together."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.engine.group import by_kind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, NotInForce, Plan

CHANGED = "changed"
UNCHANGED = "unchanged"
REFUSED = "refused"
FAILED = "failed"
NOT_APPLICABLE = "not_applicable"


@dataclass
class Enforced:
    outcomes: list
    changes: list


def enforce(host, controls, partial=False):
    """Make the controls so on ``host``, or with ``host.check`` only say what would change.

    ``partial`` says that these are not all controls of the host, so what was
    written for others stays.
    """
    plans = {}
    controls = [control.on(host.systems) for control in controls]
    for name in KINDS:
        # Asked anew for each kind: a package that one kind installs makes controls of a later kind apply.
        due = [control for control in controls if not control.irrelevant(host)]
        wanted = by_kind(due).get(name, {})
        # Without settings a kind still takes back what it wrote for controls that have left.
        if wanted or not partial:
            plans[name] = _enforce_kind(KINDS[name](host), wanted, partial)
    outcomes = [_outcome(control, control.irrelevant(host), plans) for control in controls]
    return Enforced(outcomes, [change for plan in plans.values() for change in plan.changes])


def _enforce_kind(kind, wanted, partial):
    """Plan and apply one kind; a failure is the outcome of its settings and stops nothing else."""
    try:
        absent = kind.absent()
        plan = Plan(absent=absent) if absent else _plan(kind, wanted, partial)
    except Exception as problem:
        return Plan(failures={name: str(problem) for name in wanted})
    if not kind.host.check:
        _apply(kind, plan)
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


def _outcome(control, irrelevant, plans):
    """What became of one control: the first of failed, refused, changed, unchanged that any of its settings met."""
    failed, refused, changed, absent = [], [], [], []
    for kind, settings in control.settings.items():
        plan = plans.get(kind)
        if irrelevant or plan is None:
            continue
        failed += [plan.failures[name] for name in settings if name in plan.failures]
        refused += [refusal.why for refusal in plan.refusals if refusal.names & settings.keys()]
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
    }
