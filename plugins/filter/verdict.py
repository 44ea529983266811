# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: verdict
short_description: Whether a system may be promoted
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Decides from the records alone. The evidence, the gate and the promotion all read this verdict.
  - A system may be promoted if there are results, and no control at or above the severity failed or could not be read.
    Without results, nothing is promoted.
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
    description: The origins of the results to include.
    type: list
    elements: str
    default: [hygeia.golden]
  boot_skipped:
    description: Whether the boot check was skipped.
    type: bool
    default: false
  boot_required:
    description: Whether a template must have been booted to be promoted.
    type: bool
    default: false
seealso:
  - plugin: hygeia.golden.failing
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Fail if it may not be promoted
  ansible.builtin.assert:
    that: (verify_records | hygeia.golden.verdict('high')).promote
"""

RETURN = r"""
_value:
  description: The verdict.
  type: dict
  contains:
    promote:
      description: Whether it may be promoted.
      type: bool
    state:
      description: V(passed), V(refused), or V(unverified) if there are no results.
      type: str
    text:
      description: The reason, in a sentence.
      type: str
      sample: One control of severity high or above failed
    failing:
      description: The blocking controls, each once.
      type: list
      elements: str
    boot_skipped:
      description: Whether the boot check was skipped.
      type: bool
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import OURS, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries
from ansible_collections.hygeia.golden.plugins.plugin_utils.results import join as result_records
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.verdict import decide
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def verdict(
    records: Sequence[Record],
    severity: str = "high",
    origins: Sequence[str] = (OURS,),
    boot_skipped: bool = False,
    boot_required: bool = False,
) -> dict[str, Any]:
    if severity not in result_records.SEVERITIES:
        raise AnsibleFilterError(
            f"hygeia.golden.verdict: {severity} is not a valid severity; choose one of {', '.join(result_records.SEVERITIES)}"
        )
    return decide(entries(records), to_native(severity), to_native(origins), bool(boot_skipped), bool(boot_required))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"verdict": verdict}
