# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Auditing: controls in, one result record a control out; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.engine.group import by_kind, compatible
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Observation, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

_WRONG = (result.ERROR, result.FAIL)


@dataclass(frozen=True)
class _Finding:
    """One setting of one control, looked at."""

    label: str
    wanted: Any
    seen: Observation


def audit(host, controls, stage):
    """A record for each control, in the order given. Each kind looks once, for all controls together."""
    due, records = [], {}
    controls = [control.on(host.systems) for control in controls]
    for control in controls:
        status, reason = _relevance(host, control, stage)
        if reason:
            records[control.id] = result.record(control.id, status, stage, message=reason)
        else:
            due.append(control)
    for group in compatible(due):
        wanted = by_kind(group)
        kinds = {name: KINDS[name](host) for name in wanted}
        seen = {name: _observe(kind, wanted[name]) for name, kind in kinds.items()}
        records.update((control.id, _judge(control, stage, kinds, seen)) for control in group)
    return [records[control.id] for control in controls]


def _relevance(host, control, stage):
    """The status of a control that is not looked at and why, or no reason."""
    if stage not in control.stages:
        return result.NOT_APPLICABLE, f"means nothing at the stage {stage}"
    try:
        return result.NOT_APPLICABLE, control.irrelevant(host)
    except Exception as problem:  # whether it applies cannot be known, such as without a database of packages
        return result.ERROR, str(problem)


def _observe(kind, wanted):
    try:
        absent = kind.absent()
        return unobserved(wanted, result.NOT_APPLICABLE, absent) if absent else kind.observe(wanted)
    except BadSetting as problem:
        if len(wanted) == 1:
            return unobserved(wanted, result.ERROR, str(problem))
        alone = [_observe(kind, {name: wanted[name]}) for name in wanted]
        return {name: observation for seen in alone for name, observation in seen.items()}
    except Exception as problem:  # one kind that cannot look must not hide what the others see
        return unobserved(wanted, result.ERROR, f"{kind.name} could not be observed: {problem}")


def _judge(control, stage, kinds, seen):
    """One record from all settings of a control: what is wrong is told, and told in full."""
    findings = [
        _Finding(f"{kind}: {name}", wanted, _decided(kinds[kind], name, wanted, seen[kind].get(name)))
        for kind, settings in control.settings.items()
        for name, wanted in settings.items()
    ]
    status = result.worst(finding.seen.status for finding in findings)
    told = _WRONG if status in _WRONG else (status,)
    telling = [finding for finding in findings if finding.seen.status in told]
    return result.record(
        control.id,
        status,
        stage,
        expected={finding.label: finding.wanted for finding in telling},
        observed={finding.label: finding.seen.value for finding in telling},
        read_from=_joined(finding.seen.read_from for finding in telling),
        message=_joined(finding.seen.message for finding in telling),
    )


def _decided(kind, name, wanted, observation):
    """An observation with its status; what cannot be compared is an error of this setting alone."""
    if observation is None:
        return Observation(status=result.NOT_CHECKED, message=f"{kind.name} says nothing about {name}")
    if observation.status:
        return observation
    try:
        status = result.PASS if kind.meets(name, wanted, observation.value) else result.FAIL
    except Exception as problem:  # a wanted value of the wrong shape
        return replace(observation, status=result.ERROR, message=f"{name} could not be compared: {problem}")
    return replace(observation, status=status)


def _joined(texts):
    return "; ".join(dict.fromkeys(text for text in texts if text))
