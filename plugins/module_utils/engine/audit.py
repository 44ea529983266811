# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Auditing: controls in, one result record a control out; nothing is written."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Callable, Protocol, TypeVar

from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import by_kind, compatible
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control, Settings, System, Value
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

_WRONG = (result.ERROR, result.FAIL)
# How long the settings of one kind are asked one by one, in seconds, when something spoils the look at all of them.
_PATIENCE = 60


@dataclass(frozen=True)
class _Finding:
    """One setting of one control, looked at."""

    label: str
    wanted: Value
    seen: Observation


class Kind(Protocol):
    """What is asked of a kind to audit."""

    name: str

    def absent(self) -> str:
        """Why it means nothing on this system, in one sentence; else an empty string."""

    def observe(self, wanted: Settings) -> Observations:
        """The effective value of each name in ``wanted``."""

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """Does an observed value satisfy a wanted one?"""


Audited = TypeVar("Audited", bound=System)


def audit(host: Host, controls: Sequence[Control], stage: str) -> list[Record]:
    """A record for each control, in the order given. Each kind looks once, for all controls together."""
    return audit_by(KINDS, host, controls, stage)


def audit_by(available: Mapping[str, Callable[[Audited], Kind]], host: Audited, controls: Sequence[Control], stage: str) -> list[Record]:
    """The same by the kinds of a system, whichever it is."""
    due, records = [], {}
    for control in controls:
        status, reason, fitted = _relevance(host, control, stage)
        if reason:
            records[control.id] = result.record(control.id, status, stage, message=reason)
        else:
            due.append(fitted)
    for group in compatible(due):
        wanted = by_kind(group, available)
        kinds = {name: available[name](host) for name in wanted}
        seen = {name: _observe(kind, wanted[name]) for name, kind in kinds.items()}
        records.update((control.id, _evaluate(control, stage, kinds, seen)) for control in group)
    return [records[control.id] for control in controls]


def _relevance(host: System, control: Control, stage: str) -> tuple[str, str, Control]:
    """The status of a control that is not looked at and why, or no reason; and the control as it is on this system."""
    if stage not in control.stages:
        return result.NOT_APPLICABLE, f"means nothing at the stage {stage}", control
    try:
        return result.NOT_APPLICABLE, control.irrelevant(host), control.fitted(host)
    except Exception as problem:  # whether it applies cannot be known, such as without a database of packages
        return result.ERROR, str(problem), control


def _observe(kind: Kind, wanted: Settings) -> Observations:
    try:
        absent = kind.absent()
        return unobserved(wanted, result.NOT_APPLICABLE, absent) if absent else kind.observe(wanted)
    except Exception as problem:  # what cannot be looked at must not hide what the others see
        why = str(problem) if isinstance(problem, BadSetting) else f"{kind.name} could not be observed: {problem}"
        return _each_alone(kind, wanted, why) if len(wanted) > 1 else unobserved(wanted, result.ERROR, why)


def _each_alone(kind: Kind, wanted: Settings, why: str) -> Observations:
    """What each setting sees by itself, once one of them has spoiled the look at all; ``why`` speaks for those left over."""
    end, seen = time.monotonic() + _PATIENCE, {}
    for name, value in wanted.items():
        seen.update(_observe(kind, {name: value}) if time.monotonic() < end else unobserved([name], result.ERROR, why))
    return seen


def _evaluate(control: Control, stage: str, kinds: Mapping[str, Kind], seen: Mapping[str, Observations]) -> Record:
    """One record from all settings of a control: what is wrong is reported, and in full."""
    findings = [
        _Finding(f"{kind}: {name}", wanted, _decided(kinds[kind], name, wanted, seen[kind].get(name)))
        for kind, settings in control.settings.items()
        for name, wanted in settings.items()
    ]
    status = result.worst(finding.seen.status for finding in findings)
    reported = _WRONG if status in _WRONG else (status,)
    decisive = [finding for finding in findings if finding.seen.status in reported]
    return result.record(
        control.id,
        status,
        stage,
        expected={finding.label: finding.wanted for finding in decisive},
        observed={finding.label: finding.seen.value for finding in decisive},
        read_from=_joined(finding.seen.read_from for finding in decisive),
        message=_joined(finding.seen.message for finding in decisive),
    )


def _decided(kind: Kind, name: str, wanted: Value, observation: Observation | None) -> Observation:
    """An observation with its status; what cannot be compared is an error of this setting alone."""
    if observation is None:
        return Observation(status=result.NOT_CHECKED, message=f"{kind.name} says nothing about {name}")
    if observation.status:
        return observation
    try:
        status = result.PASS if kind.satisfies(name, wanted, observation.value) else result.FAIL
    except Exception as problem:  # a wanted value of the wrong shape
        return replace(observation, status=result.ERROR, message=f"{name} could not be compared: {problem}")
    return replace(observation, status=status)


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))
