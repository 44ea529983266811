# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that can be said about a site's policy before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import value_checks
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE, Catalogue


def validated(directories: Sequence[str], today: str, baseline: str = BASELINE) -> dict[str, Any]:
    """The errors of policy directories, what works but may not be meant, and what there is.

    A mistake keeps the policy from being used; a remark does not.
    """
    catalogue = Catalogue(directories, baseline, lenient=True)
    errors = catalogue.problems + [
        f"{where}: {problem}; no host could have this."
        for where, kind, name, value in catalogue.wanted_by_site()
        for problem in [value_checks.error(kind, name, value) if kind in KINDS else ""]
        if problem
    ]
    warnings = [
        f"No profile has the control {name}, so nothing ever looks at it; add it to a profile's controls." for name in catalogue.unused()
    ]
    warnings += [
        f"{place}: the waiver of {waiver['control']} for {waiver['hosts']} ended on {waiver['until']}; apply the control, or have the waiver approved again."
        for place, waiver in catalogue.expired(today)
    ]
    ours = Catalogue(baseline=baseline)
    return {
        "errors": list(dict.fromkeys(errors)),
        "warnings": warnings,
        "controls": [name for name in catalogue.controls if name not in ours.controls],
        "checks": [name for name in catalogue.checks if name not in ours.checks and name not in catalogue.residue],
        "agents": [name for name in catalogue.agents if name not in ours.agents],
        "platforms": [name for name in catalogue.platforms if name not in ours.platforms],
        "tenants": list(catalogue.tenants),
        "residue": [name for name in catalogue.residue if name not in ours.residue],
        "drift": [name for name in catalogue.drift if name not in ours.drift],
        "profiles": [name for name in catalogue.profiles if name not in ours.profiles],
        "frameworks": [name for name in catalogue.frameworks if name not in ours.frameworks],
        "waivers": len(catalogue.waivers),
    }
