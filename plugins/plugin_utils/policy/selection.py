# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A part of a profile's controls, chosen by tags and by a severity floor."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry, PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.spelling import did_you_mean
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES

# Tags with a meaning of their own in Ansible; none of them chooses controls.
_OF_ANSIBLE = {"all", "always", "never", "tagged", "untagged"}


def chosen(controls: Sequence[Entry], severity: str = "low", tags: Sequence[str] = (), skip_tags: Sequence[str] = ()) -> list[Entry]:
    """The controls at or above a severity that one of ``tags`` means and none of ``skip_tags``; without tags, all."""
    if severity not in SEVERITIES:
        raise PolicyError(f"{severity} is not a valid severity; choose one of {', '.join(SEVERITIES)}.")
    wanted, unwanted = (set(words) - _OF_ANSIBLE for words in (tags, skip_tags))
    known = {tag for control in controls for tag in tags_of(control)}
    problems = [_unknown(tag, known) for tag in sorted((wanted | unwanted) - known)]
    if problems:
        raise PolicyError(*problems)
    found = [
        control
        for control in controls
        if SEVERITIES.index(control["severity"]) >= SEVERITIES.index(severity)
        and (not wanted or wanted & tags_of(control))
        and not unwanted & tags_of(control)
    ]
    if controls and not found:
        raise PolicyError("The tags and the severity choose none of the profile's controls; choose less narrowly.")
    return found


def tags_of(control: Entry) -> set[str]:
    """What a control can be chosen by: its id, its area and its level."""
    return {control["id"], control["area"], f"level{control['level']}"}


def _unknown(tag: str, known: set[str]) -> str:
    advice = did_you_mean(tag, sorted(known))
    advice = f"{advice}?" if advice else "use an area such as ssh, a control's id, level1 or level2."
    return f"The tag {tag} matches no control of the profile; {advice} If it is a tag of your playbook, set baseline_tags."
