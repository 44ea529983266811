# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of each control that a host is told; two runs that told the same wanted the same things."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain

TRAVELS = ("id", "settings", "variants", "applies_to", "stages")


def settings(controls, waived=True):
    wanted = [control for control in plain(controls) if waived or not _covered(control)]
    return [{name: control[name] for name in TRAVELS} for control in wanted]


def _covered(control):
    return bool(control["waiver"]) and not control["waiver"]["expired"]
