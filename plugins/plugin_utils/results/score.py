# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The score: how many controls did what, in figures and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import (
    ERROR,
    FAIL,
    NOT_APPLICABLE,
    NOT_CHECKED,
    PASS,
    STATUSES,
    WAIVED,
    Record,
)
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.areas import area_of
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES, by_control, ours, verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import counted

# What the figures are for, in the words that stand wherever they do.
MEANING = (
    "The figures count controls of this profile on this system. They are not a percentage of compliance: no share of controls "
    "says that a requirement is met."
)


def score(records: Sequence[Record]) -> dict[str, Any]:
    """How many controls of ours did what, each counted once: in all, by severity, by level and by area, and in words."""
    controls = [{**group[0], "verdict": verdict(group)} for group in by_control(ours(records)).values()]
    figures = _figures(controls)
    return {
        **figures,
        "by_severity": _grouped(controls, lambda control: control["severity"], reversed(SEVERITIES)),
        "by_level": _grouped(controls, lambda control: str(control["level"]), ("1", "2")),
        "by_area": _grouped(controls, lambda control: area_of(control["control"])),
        "text": _sentence(figures),
        "meaning": MEANING,
    }


def _grouped(
    controls: Sequence[Entry], group: Callable[[Record], str], order: Iterable[str] | None = None
) -> dict[str, dict[str, int | None]]:
    """The figures of each group that has a control; without an order, as the groups first occur."""
    groups = [group(control) for control in controls]
    return {
        name: _figures([control for control, its in zip(controls, groups) if its == name])
        for name in dict.fromkeys(order or groups)
        if name in groups
    }


def _figures(controls: Sequence[Entry]) -> dict[str, int | None]:
    verdicts = [control["verdict"] for control in controls]
    count = {status: verdicts.count(status) for status in STATUSES}
    applicable = len(verdicts) - count[NOT_APPLICABLE]
    percent = 100 * count[PASS] // applicable if applicable else None
    return {"controls": len(verdicts), "applicable": applicable, **count, "percent": percent}


def _sentence(count: Mapping[str, int | None]) -> str:
    """The figures in words; a control counts as passed when it passed at a stage and failed at none."""
    others = "".join(f", {each}" for each in counted(count, (FAIL, ERROR, WAIVED, NOT_CHECKED)))
    aside = f"; {count[NOT_APPLICABLE]} more do not apply here" if count[NOT_APPLICABLE] else ""
    return f"{count[PASS]} of {count['applicable']} applicable controls passed{others}{aside}."
