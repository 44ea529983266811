# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: failing
short_description: Select the results that are blocking
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Selects the results with the status V(fail) or V(error) at or above a severity.
  - Results covered by a waiver are not included, unless the waiver has expired.
options:
  _input:
    description: Records, as P(hygeia.golden.records#filter) returns them.
    type: list
    elements: dict
    required: true
  severity:
    description: The minimum severity.
    type: str
    choices: [low, medium, high, critical]
    default: high
  origins:
    description:
      - The origins of the results to include. C(hygeia.golden) is this collection; C(openscap) are those of
        M(hygeia.golden.openscap_info).
    type: list
    elements: str
    default: [hygeia.golden]
"""

EXAMPLES = r"""
- name: Fail if a control of high or critical severity fails
  ansible.builtin.assert:
    that: verify_records | hygeia.golden.failing('high') | length == 0
"""

RETURN = r"""
_value:
  description: The blocking results, in their original order.
  type: list
  elements: dict
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import OURS, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, like
from ansible_collections.hygeia.golden.plugins.plugin_utils.results import join as result_records
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def failing(records: Sequence[Record], severity: str = "high", origins: Sequence[str] = (OURS,)) -> list[Record]:
    if severity not in result_records.SEVERITIES:
        raise AnsibleFilterError(
            f"hygeia.golden.failing: {severity} is not a valid severity; choose one of {', '.join(result_records.SEVERITIES)}"
        )
    return like(records, result_records.failing(entries(records), to_native(severity), to_native(origins)))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"failing": failing}
