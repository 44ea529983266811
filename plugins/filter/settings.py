# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: settings
short_description: Reduce controls to the fields that a host needs
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Reduces controls, as P(hygeia.golden.controls#lookup) returns them, to what M(hygeia.golden.enforce) and
    M(hygeia.golden.audit_info) take. Titles, rationales and citations stay on the controller.
options:
  _input:
    description: The controls.
    type: list
    elements: dict
    required: true
  waived:
    description: Whether to keep controls covered by a waiver. Waived controls are audited but not applied.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Audit every control
  hygeia.golden.audit_info:
    controls: "{{ baseline_controls | hygeia.golden.settings }}"

- name: Apply the controls that are not waived
  hygeia.golden.enforce:
    controls: "{{ baseline_controls | hygeia.golden.settings(waived=false) }}"
"""

RETURN = r"""
_value:
  description: For each control its C(id), C(settings), C(variants), C(applies_to) and C(stages).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.settings import settings


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"settings": settings}
