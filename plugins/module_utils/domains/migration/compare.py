# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a guest is after a move what it was before: its definition, its bounds, and that it runs once."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.comparison import Difference, Values, differences, values
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.evaluate import result
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import Guest, Virsh, VirshError
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unknown
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record

LIVE, CONFIG = "live", "config"
_SAID = {LIVE: "as it runs", CONFIG: "as it will be started"}


def state(guest: Guest) -> dict[str, Values]:
    """Its definition as it runs and as it will be started, whichever it has."""
    found = {LIVE: values(guest.live())} if guest.running else {}
    return {**found, **({CONFIG: values(guest.configured())} if guest.persistent else {})}


def compare(guest: Guest, before: Mapping[str, Values], source: Virsh | None) -> list[Record]:
    after = state(guest)
    definition: list[str] = []
    bounds: list[str] = []
    for name in (LIVE, CONFIG):
        if name in before and name not in after:
            definition.append(_missing(name))
        elif name in before:
            of_definition, of_bounds = differences(before[name], after[name])
            definition += _sentences(of_definition, name)
            bounds += _sentences(of_bounds, name)
    answers = {
        "definition": judged(definition, {"differences": 0}, {"differences": len(definition)}, "virsh dumpxml", "define it as it was"),
        "bounds": judged(
            bounds, {"differences": 0}, {"differences": len(bounds)}, "virsh dumpxml", "set them again, as the role bound does"
        ),
        "once": _once(guest, source),
    }
    return [result(f"moved-{aspect}", guest.name, guest.uuid, answer) for aspect, answer in answers.items()]


def _missing(name: str) -> str:
    if name == LIVE:
        return "it does not run here: start it, or look where it runs"
    return "its definition was not kept, so that it is gone once it stops: move it with virsh migrate --persistent"


def _sentences(found: list[Difference], name: str) -> list[str]:
    return [f"{difference} ({_SAID[name]})" for difference in found]


def _once(guest: Guest, source: Virsh | None) -> Answer:
    """Two that run from one disk destroy it."""
    expected = {"running at the source": False}
    if source is None:
        return unknown("the source was not asked; give its connection", expected)
    try:
        left = Guest(source, guest.uuid)
    except VirshError as problem:
        if "failed to get domain" not in str(problem):
            return Answer("error", expected, message=str(problem))
        return judged([], expected, {"running at the source": False}, "virsh dominfo")
    problems = ["it runs at the source too, and both write to its disks: end one of them at once"] if left.running and guest.running else []
    return judged(problems, expected, {"running at the source": left.running}, "virsh dominfo")
