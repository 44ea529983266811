# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: settings
short_description: The part of controls that travels to a host
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
    description: Whether to keep controls that a waiver covers. What is waived is audited, but not enforced.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Look at every control
  hygeia.golden.audit_info:
    controls: "{{ baseline_controls | hygeia.golden.settings }}"

- name: Make those so that are not waived
  hygeia.golden.enforce:
    controls: "{{ baseline_controls | hygeia.golden.settings(waived=false) }}"
"""

RETURN = r"""
_value:
  description: For each control its C(id), C(settings), C(variants), C(applies_to) and C(stages).
  type: list
  elements: dict
"""

from ansible_collections.hygeia.golden.plugins.plugin_utils.settings import settings


class FilterModule:
    def filters(self):
        return {"settings": settings}
