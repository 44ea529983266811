# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs between two lists of controls, such as two profiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry


def differences(one: Sequence[Entry], other: Sequence[Entry]) -> dict[str, Any]:
    """The controls that only one list has, and the settings whose values differ in those that both have."""
    ours, theirs = ({control["id"]: control for control in controls} for controls in (one, other))
    return {
        "only_one": [_summary(control) for control in one if control["id"] not in theirs],
        "only_other": [_summary(control) for control in other if control["id"] not in ours],
        "both": len(ours.keys() & theirs.keys()),
        "settings": [difference for name, control in ours.items() if name in theirs for difference in _values(control, theirs[name])],
    }


def _summary(control: Entry) -> dict[str, str]:
    return {"control": control["id"], "title": control["title"], "severity": control["severity"]}


def _values(one: Entry, other: Entry) -> Iterator[dict[str, Any]]:
    """The settings of a control that differ; those of a variant that differ there alone are listed with its system."""
    ours, theirs = (dict(_settings(control)) for control in (one, other))
    seen = set()
    for (system, kind, name), value in ours.items():
        there = theirs.get((system, kind, name))
        if value != there and (kind, name, repr(value), repr(there)) not in seen:
            seen.add((kind, name, repr(value), repr(there)))
            yield {"control": one["id"], "system": system, "setting": f"{kind}: {name}", "one": value, "other": there}


def _settings(control: Entry) -> Iterator[tuple[tuple[str, str, str], Any]]:
    for system, settings in {"": control["settings"], **control.get("variants", {})}.items():
        for kind, values in settings.items():
            yield from (((system, kind, name), value) for name, value in values.items())
