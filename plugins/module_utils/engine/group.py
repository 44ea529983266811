# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From controls to kinds: what makes the cost follow the kinds."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS


class Conflict(Exception):
    """Two controls that cannot both be satisfied, or a kind that does not exist."""


def by_kind(controls):
    """The wanted settings of all controls as ``{kind: {name: value}}``, in the order in which kinds are enforced."""
    wanted = {}
    owner = {}
    for control in controls:
        for kind, settings in control.settings.items():
            if kind not in KINDS:
                raise Conflict(f"control {control.id}: there is no kind {kind}; known are {', '.join(KINDS)}")
            for name, value in settings.items():
                first = owner.setdefault((kind, name), control.id)
                if wanted.setdefault(kind, {}).setdefault(name, value) != value:
                    raise Conflict(f"controls {first} and {control.id} want different values of {kind}: {name}")
    return {kind: wanted[kind] for kind in KINDS if kind in wanted}


def compatible(controls):
    """The controls in groups without contradiction, for looking: nearly always one group.

    The baseline protects a file that the seal removes; both hold once it is gone.
    """
    groups = []
    for control in controls:
        settings = {(kind, name): value for kind, values in control.settings.items() for name, value in values.items()}
        for group, known in groups:
            if all(known.get(key, value) == value for key, value in settings.items()):
                break
        else:
            groups.append(([], {}))
            group, known = groups[-1]
        group.append(control)
        known.update(settings)
    return [group for group, unused_settings in groups]
