# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: failing
short_description: The records that a gate does not let through
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Picks the records that failed, or where looking failed, at a severity or above.
  - What a waiver covers is not among them, unless the waiver has ended.
options:
  _input:
    description: Records, as P(hygeia.golden.records#filter) returns them.
    type: list
    elements: dict
    required: true
  severity:
    description: The least severity that counts.
    type: str
    choices: [low, medium, high, critical]
    default: high
  origins:
    description:
      - Whose records count. C(hygeia.golden) is this collection; C(openscap) are those of
        M(hygeia.golden.openscap_info).
    type: list
    elements: str
    default: [hygeia.golden]
"""

EXAMPLES = r"""
- name: Stop when a control of high or critical severity fails
  ansible.builtin.assert:
    that: verify_records | hygeia.golden.failing('high') | length == 0
"""

RETURN = r"""
_value:
  description: The records that do not pass the gate, in their order.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import OURS
from ansible_collections.hygeia.golden.plugins.plugin_utils import records as result_records
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


def failing(records, severity="high", origins=(OURS,)):
    if severity not in result_records.SEVERITIES:
        raise AnsibleFilterError(f"hygeia.golden.failing: {severity} is no severity; use {', '.join(result_records.SEVERITIES)}")
    return result_records.failing(plain(records), plain(severity), plain(origins))


class FilterModule:
    def filters(self):
        return {"failing": failing}
