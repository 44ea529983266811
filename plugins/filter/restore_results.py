# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: restore_results
short_description: State what became of a restore
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns a result for the image, the start of the guest, and the elapsed time against the recovery time objective.
options:
  _input:
    description:
      - What was measured, with the C(place), the C(sha256) of the promoted image and the one that was C(read), the seconds until the
        guest C(booted), and the C(seconds) that everything took.
    type: dict
    required: true
  target:
    description: The name of the target.
    type: str
    required: true
  recovery_time:
    description: The recovery time objective, such as V(15m).
    type: str
    required: true
  problem:
    description: Why the restore stopped.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Record the restore
  ansible.builtin.set_fact:
    publish_records: >-
      {{ measured | hygeia.golden.restore_results('second-site', '15m')
         | hygeia.golden.records(baseline_checks, inventory_hostname) }}
"""

RETURN = r"""
_value:
  description: The results.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.backup.durations import seconds
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.restores import results
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def restore_results(restore: Mapping[str, Any], target: str, recovery_time: str, problem: str = "") -> list[Record]:
    try:
        return results(to_native(target), to_native(restore), seconds(to_native(recovery_time)) or 0, to_native(problem))
    except ValueError as error:
        raise AnsibleFilterError(f"hygeia.golden.restore_results: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"restore_results": restore_results}
