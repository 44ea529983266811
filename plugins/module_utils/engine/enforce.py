# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Enforcing: controls in, one outcome per control out; each kind writes once, for all controls together."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import Conflict, Settings, Wanted
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    DROP_IN,
    IN_USE,
    LOCKOUT,
    Change,
    Kind,
    NotInForce,
    Plan,
    Refusal,
    RolledBack,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control, Value
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import one_line

CHANGED = "changed"
UNCHANGED = "unchanged"
REFUSED = "refused"
FAILED = "failed"
NOT_APPLICABLE = "not_applicable"
OFFLINE, BOOT, LIVE = STAGES

# How long the settings of one kind are planned one by one, in seconds, when something spoils the plan of all.
_PATIENCE = 60


# What became of one control, as the module returns it.
Outcome = dict[str, Any]


@dataclass
class Enforced:
    outcomes: list[Outcome]
    changes: list[Change]


def enforce(
    host: Host,
    controls: Sequence[Control],
    partial: bool = False,
    force: Collection[str] = (),
    force_lockout: Collection[str] = (),
    stage: str | None = None,
    layout: str = DROP_IN,
) -> Enforced:
    """Apply the controls to ``host``, or with ``host.check`` only say what would change.

    A control that means nothing at the ``stage`` is left alone, as the audit leaves it. A template is judged as it lies and
    when it boots, a running system while it runs; so what is seen only after a boot is applied before it.

    ``partial`` says that these are not all controls of the host, so what was
    written for others stays. ``force`` names controls that are applied although
    an application uses what they take away, ``force_lockout`` those that are
    although the last administrator could not get in again. ``layout`` says
    where values stand; what stood elsewhere moves there.
    """
    plans, chosen = {}, {IN_USE: force, LOCKOUT: force_lockout}
    unstaged = {control.id: why for control in controls for why in _meaningless(host, control, stage)}
    known, failed = _known(host, [control for control in controls if control.id not in unstaged])
    # What was written for a control of which nothing is known now stays, and so does what was written at another stage.
    partial = partial or bool(failed)
    kept = {kind for control in controls if control.id in unstaged for kind in set(control.settings).union(*control.variants.values())}
    (due, forced), written = _due(host, known, failed, chosen), False
    for name in KINDS:
        if written:
            # A package that is installed now makes controls of a later kind apply.
            due, forced = _due(host, known, failed, chosen, written)
        # Without settings a kind still takes back what it wrote for controls that have left.
        part = partial or name in kept
        if name in due or not part:
            asked = {risk: wanted.get(name, {}) for risk, wanted in forced.items()}
            plans[name] = _enforce_kind(KINDS[name], host, due.get(name, {}), part, asked, layout)
        written = name in plans and bool(plans[name].changes)
    settled = {**failed, **{name: _left(name, why) for name, why in unstaged.items()}}
    fitted = {control.id: control for control in known}
    outcomes = [settled.get(control.id) or _outcome(host, fitted[control.id], plans) for control in controls]
    return Enforced(outcomes, [change for plan in plans.values() for change in plan.changes])


def _meaningless(host: Host, control: Control, stage: str | None) -> Iterator[str]:
    """Why a control means nothing where this is."""
    stages = (stage,) if stage else (LIVE,) if host.booted else (OFFLINE, BOOT)
    if not set(stages) & set(control.stages):
        yield f"means nothing at the stage {stages[0]}"


def _left(name: str, why: str) -> Outcome:
    return {"control": name, "outcome": NOT_APPLICABLE, "changed": [], "message": why, "overridable": []}


def _known(host: Host, controls: list[Control]) -> tuple[list[Control], dict[str, Outcome]]:
    """The controls as they are on this host, and the outcome of each of which it cannot be known whether it applies."""
    known, failed = [], {}
    for control in controls:
        try:
            control.irrelevant(host)
            known.append(control.fitted(host))
        except Exception as problem:  # such as without a database of packages
            failed[control.id] = _failed(control, problem)
    return known, failed


def _due(
    host: Host, known: list[Control], failed: dict[str, Outcome], chosen: Mapping[str, Collection[str]], written: bool = False
) -> tuple[Wanted, dict[str, Wanted]]:
    """What the controls that apply now want of each kind, and what of that the operator chose although it risk.

    Once something is written, a control that contradicts the others fails alone.
    """
    wanted, forced = Settings(), {risk: Settings() for risk in chosen}
    for control in known:
        try:
            if control.id in failed or control.irrelevant(host):
                continue
            wanted.add(control)
        except Exception as problem:
            if isinstance(problem, Conflict) and not written:
                raise
            failed[control.id] = _failed(control, problem)
            continue
        for risk in (risk for risk, ids in chosen.items() if control.id in ids):
            forced[risk].add(control)
    return wanted.by_kind(), {risk: settings.by_kind() for risk, settings in forced.items()}


def _failed(control: Control, problem: Exception) -> Outcome:
    return {"control": control.id, "outcome": FAILED, "changed": [], "message": one_line(str(problem)), "overridable": []}


def _enforce_kind(make: type[Kind], host: Host, wanted: Mapping[str, Value], partial: bool, forced: Wanted, layout: str) -> Plan:
    """Plan and apply one kind; a failure is the outcome of its settings and stops nothing else."""
    try:
        kind = make(host)
        kind.layout = layout
        absent = kind.absent()
        plan = Plan(absent=absent) if absent else _considerate(kind, wanted, partial, forced)
    except Exception as problem:
        return Plan(failures={setting: str(problem) for setting in wanted})
    if not host.check:
        _apply(kind, plan)
    return plan


def _considerate(kind: Kind, wanted: Mapping[str, Value], partial: bool, forced: Wanted) -> Plan:
    """The plan without what would break an application that runs or lock out the last administrator; only what is due is asked."""
    plan = _plan(kind, wanted, partial)
    due = {name for change in plan.changes for name in change.names} & wanted.keys()
    asked = list(kind.refusals({name: wanted[name] for name in sorted(due)})) if due and kind.host.booted else []
    refusals = [Refusal(refusal.names - forced[refusal.risk].keys(), refusal.why, refusal.risk) for refusal in asked]
    refusals = [refusal for refusal in refusals if refusal.names]
    if refusals:
        left = frozenset().union(*(refusal.names for refusal in refusals))
        plan = _plan(kind, {name: value for name, value in wanted.items() if name not in left}, partial)
        plan.refusals += refusals
    return plan


def _plan(kind: Kind, wanted: Mapping[str, Value], partial: bool) -> Plan:
    """The plan of all settings that the kind can express and look at; each of the others fails on its own."""
    try:
        return kind.plan(wanted, partial)
    except Exception as problem:
        bad = dict(_bad(kind, wanted))
        good = {name: value for name, value in wanted.items() if name not in bad}
        if not bad or (not good and not isinstance(problem, BadSetting)):
            raise
        # What stands for a setting that could not be looked at is not taken back for want of it.
        plan = kind.plan(good, partial or not isinstance(problem, BadSetting))
        plan.failures.update(bad)
        return plan


def _bad(kind: Kind, wanted: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """The settings that cannot be planned even alone, each with the reason."""
    end = time.monotonic() + _PATIENCE
    for name, value in wanted.items():
        try:
            if time.monotonic() < end:
                kind.plan({name: value}, partial=True)
        except Exception as problem:
            yield name, str(problem)


def _apply(kind: Kind, plan: Plan) -> None:
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
            if isinstance(problem, RolledBack):
                plan.changes = []


def _outcome(host: Host, control: Control, plans: Mapping[str, Plan]) -> Outcome:
    """What became of one control: the first of failed, refused, changed, unchanged that any of its settings met."""
    try:
        irrelevant = control.irrelevant(host)
    except Exception as problem:  # what has been written for it is reported all the same
        return {**_became(control, "", plans), "outcome": FAILED, "message": one_line(str(problem)), "overridable": []}
    return _became(control, irrelevant, plans)


def _became(control: Control, irrelevant: str, plans: Mapping[str, Plan]) -> Outcome:
    failed, refused, changed, absent = [], [], [], []
    risk = set()
    for kind, settings in control.settings.items():
        plan = plans.get(kind)
        if irrelevant or plan is None:
            continue
        failed += [plan.failures[name] for name in settings if name in plan.failures]
        refusals = [refusal for refusal in plan.refusals if refusal.names & settings.keys()]
        refused += [refusal.why for refusal in refusals]
        risk |= {refusal.risk for refusal in refusals}
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
        "message": one_line("; ".join(dict.fromkeys(message))),
        "overridable": sorted(risk - {""}) if outcome == REFUSED and "" not in risk else [],
    }
