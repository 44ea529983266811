# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Auditing: controls in, one result record a control out; nothing is written."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.engine.group import by_kind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result


def audit(host, controls, stage):
    """A record for each control, in the order given. Each kind looks once, for all controls together."""
    due, records = [], {}
    for control in controls:
        reason = control.irrelevant(host)
        if stage not in control.stages:
            reason = f"means nothing at the stage {stage}"
        if reason:
            records[control.id] = result.record(control.id, result.NOT_APPLICABLE, stage, message=reason)
        else:
            due.append(control)
    kinds = {name: KINDS[name](host) for name in by_kind(due)}
    seen = {name: _observe(kinds[name], wanted) for name, wanted in by_kind(due).items()}
    for control in due:
        records[control.id] = _judge(control, stage, kinds, seen)
    return [records[control.id] for control in controls]


def _observe(kind, wanted):
    absent = kind.absent()
    if absent:
        return unobserved(wanted, result.NOT_APPLICABLE, absent)
    try:
        return kind.observe(wanted)
    except Exception as problem:  # one kind that cannot look must not hide what the others see
        return unobserved(wanted, result.ERROR, f"{kind.name} could not be observed: {problem}")


def _judge(control, stage, kinds, seen):
    """One record from all settings of a control: what failed is told first, and told in full."""
    findings = []
    for kind, settings in control.settings.items():
        for name, wanted in settings.items():
            observation = seen[kind].get(name) or Observation(
                status=result.NOT_CHECKED, message=f"{kind} says nothing about {name}"
            )
            findings.append((kind, name, wanted, observation, _status(kinds[kind], name, wanted, observation)))
    status = result.worst(finding[-1] for finding in findings)
    telling = [finding for finding in findings if finding[-1] == status]
    return result.record(
        control.id,
        status,
        stage,
        expected={f"{kind}: {name}": wanted for kind, name, wanted, unused_o, unused_s in telling},
        observed={f"{kind}: {name}": seen_.value for kind, name, unused_w, seen_, unused_s in telling},
        read_from=_joined(finding[3].read_from for finding in telling),
        message=_joined(finding[3].message for finding in telling),
    )


def _status(kind, name, wanted, observation):
    if observation.status:
        return observation.status
    return result.PASS if kind.meets(name, wanted, observation.value) else result.FAIL


def _joined(texts):
    return "; ".join(dict.fromkeys(text for text in texts if text))
