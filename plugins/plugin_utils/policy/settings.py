# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of each control that is sent to a host; it is the same in two runs that require the same."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, like
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

TRAVELS = ("id", "settings", "variants", "applies_to", "stages")


def settings(controls: Sequence[Entry], waived: bool = True) -> list[Entry]:
    wanted = [control for control in entries(controls) if waived or not _covered(control)]
    return like(controls, sent(wanted))


def sent(controls: Sequence[Entry]) -> list[Entry]:
    """The same of controls that are plain data already."""
    return [{name: control[name] for name in TRAVELS} for control in controls]


def _covered(control: Entry) -> bool:
    return bool(control["waiver"]) and not control["waiver"]["expired"]
