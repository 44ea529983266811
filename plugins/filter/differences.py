# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: differences
short_description: What differs between the controls of two profiles
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
- name: What would this host gain from the stricter profile?
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
      description: Each control that only the first has, with its C(control), C(title) and C(severity).
      type: list
      elements: dict
    only_other:
      description: Those that only the other has, in the same form.
      type: list
      elements: dict
    both:
      description: How many controls both have.
      type: int
    settings:
      description:
        - Each setting of a control of both whose value differs, with the C(control), the C(setting), the values C(one) and
          C(other), and the C(system) when it differs only there.
      type: list
      elements: dict
"""

from ansible_collections.hygeia.golden.plugins.plugin_utils import comparison
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


def differences(one, other):
    return comparison.differences(plain(one), plain(other))


class FilterModule:
    def filters(self):
        return {"differences": differences}
