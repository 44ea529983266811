# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: not_booted
short_description: List the checks that need a boot
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Selects the controls that can only be observed at boot, and returns a result V(not_checked) for each.
options:
  _input:
    description: Controls, as P(hygeia.golden.controls#lookup) returns them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Count the controls that were not checked
  ansible.builtin.set_fact:
    verify_records: >-
      {{ verify_records
         + baseline_controls | hygeia.golden.not_booted
         | hygeia.golden.records(baseline_controls, inventory_hostname) }}
"""

RETURN = r"""
_value:
  description: Results, as M(hygeia.golden.audit_info) returns them.
  type: list
  elements: dict
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, like
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results import verdict


def not_booted(controls: Sequence[Entry]) -> list[Record]:
    return like(controls, verdict.not_booted(entries(controls)))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"not_booted": not_booted}
