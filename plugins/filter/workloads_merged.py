# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: workloads_merged
short_description: Merge many looks at hosts into one workload for each host
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - One look of M(hygeia.golden.workload_info) sees the connections of one moment. This filter merges looks of a day, or of a month,
    so that interfaces that run at night are there too.
  - Of each host, the latest look is returned, with the flows, listeners and samples of all of its looks. The counts of flows are summed.
  - A host is known by the UUID of its platform, otherwise by its name and a hardware address.
options:
  _input:
    description: Results of M(hygeia.golden.workload_info), or what they return as C(workload).
    type: list
    elements: dict
    required: true
seealso:
  - module: hygeia.golden.workload_info
  - plugin: hygeia.golden.migration_inventory
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show whom each host has ever been seen to ask
  ansible.builtin.debug:
    msg: "{{ item.flows | selectattr('direction', 'equalto', 'out') | map(attribute='destination') | unique }}"
  loop: "{{ texts | map('ansible.builtin.from_json') | hygeia.golden.workloads_merged }}"
  loop_control:
    label: "{{ item.machine.name }}"
  vars:
    texts: "{{ query('ansible.builtin.file', *query('ansible.builtin.fileglob', 'workloads/*.json')) }}"
"""

RETURN = r"""
_value:
  description:
    - One workload for each host, in the order of their UUIDs or names, as M(hygeia.golden.workload_info) returns it.
    - C(looks) is the number of looks, and C(first) is when the first of them was.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def workloads_merged(results: Any) -> list[dict[str, Any]]:
    """Every task with a filter of this collection loads all of them, and few merge workloads."""
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.looks import looks, merged

    try:
        return merged(list(looks(to_native(results), "workloads")))
    except Unusable as problem:
        raise AnsibleFilterError(str(problem)) from problem


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"workloads_merged": workloads_merged}
