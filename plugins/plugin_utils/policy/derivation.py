# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Citations of frameworks that nobody cites by hand: whoever cites a control of NIST SP 800-53 cites what it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

NIST = "nist_800_53"


def derived(framework: Entry) -> bool:
    return bool(framework.get("derived"))


def derive(frameworks: Mapping[str, Entry], entries: Iterable[Entry]) -> None:
    """Add the citations of each derived framework to the references of controls and checks, in the framework's order."""
    leading = {name: _leading(framework) for name, framework in frameworks.items() if derived(framework)}
    for entry in entries:
        ours = entry["references"].get(NIST, [])
        for name, citations in leading.items():
            cited = {*entry["references"].get(name, []), *(each for one in ours for each in _led_to(one, citations))}
            if cited:
                entry["references"][name] = [each for each in frameworks[name]["citations"] if each in cited]


def _leading(framework: Entry) -> dict[str, list[str]]:
    """For each control of NIST SP 800-53 the citations that it leads to."""
    found: dict[str, list[str]] = {}
    for citation, entry in framework["citations"].items():
        for one in entry.get("through", []):
            found.setdefault(one, []).append(citation)
    return found


def _led_to(one: str, citations: Mapping[str, list[str]]) -> list[str]:
    """What a control leads to, and what the control leads to of which it is an enhancement: AC-6(2) is one of AC-6."""
    control = one.partition("(")[0]
    return [*citations.get(one, []), *(citations.get(control, []) if control != one else [])]
