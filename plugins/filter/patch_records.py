# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_records
short_description: Convert open vulnerabilities to results
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns results for whether the feeds could be read (C(patch-feeds)), whether no vulnerability is past its deadline
    (C(patch-overdue)), and whether no known exploited vulnerability with a fix is open (C(patch-known-exploited)). A
    vulnerability covered by a waiver has its own result (C(patch-open-ID)) and is not counted in these.
  - Without feeds nothing passes.
options:
  _input:
    description: Vulnerabilities, as P(hygeia.golden.deadlines#filter) returns them.
    type: list
    elements: dict
    required: true
  feeds:
    description: The feeds that were read, as M(hygeia.golden.patch_info) returns them.
    type: list
    elements: dict
    required: true
  stage:
    description: The stage of the results.
    type: str
    choices: [offline, boot, live]
    default: live
  problem:
    description: Why the feeds could not be read, if they could not.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Add them to the other results
  ansible.builtin.set_fact:
    verify_records: >-
      {{ verify_records + (vulnerabilities | hygeia.golden.patch_records(patch.feeds, patch.system.stage)
                           | hygeia.golden.records(baseline_checks, inventory_hostname)) }}
  vars:
    vulnerabilities: "{{ patch.vulnerabilities | hygeia.golden.deadlines(patch_deadlines, baseline_checks) }}"
"""

RETURN = r"""
_value:
  description: Bare results, for P(hygeia.golden.records#filter) to join with their checks.
  type: list
  elements: dict
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def patch_records(
    vulnerabilities: Sequence[dict[str, Any]], feeds: list[dict[str, Any]], stage: str = "live", problem: str = ""
) -> list[Record]:
    # Ansible loads every filter for each task that uses one, so what takes long to load is loaded by whoever needs it.
    from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.records import results

    return results(to_native(vulnerabilities), to_native(feeds), to_native(stage), to_native(problem))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"patch_records": patch_records}
