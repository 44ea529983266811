# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: differences
short_description: Compare the controls of two profiles
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Compares two lists of controls, as P(hygeia.golden.controls#lookup) returns them.
  - The playbook C(hygeia.golden.compare_profiles) prints the answer.
options:
  _input:
    description: The controls of one profile.
    type: list
    elements: dict
    required: true
  other:
    description: The controls of the other profile.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the stricter profile adds
  ansible.builtin.debug:
    msg: "{{ (query('hygeia.golden.controls', 'hipaa') | hygeia.golden.differences(stricter)).only_other }}"
  vars:
    stricter: "{{ query('hygeia.golden.controls', 'nprm-2025') }}"
"""

RETURN = r"""
_value:
  description: The differences.
  type: dict
  contains:
    only_one:
      description: Each control that only the first profile has, with its C(control), C(title) and C(severity).
      type: list
      elements: dict
    only_other:
      description: Each control that only the second profile has, in the same form.
      type: list
      elements: dict
    both:
      description: How many controls both have.
      type: int
    settings:
      description:
        - Each setting whose value differs between the profiles, with the C(control), the C(setting), the values C(one)
          and
          C(other), and the C(system) when it differs only there.
      type: list
      elements: dict
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results import comparison


def differences(one: Sequence[Entry], other: Sequence[Entry]) -> dict[str, Any]:
    return comparison.differences(entries(one), entries(other))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"differences": differences}
