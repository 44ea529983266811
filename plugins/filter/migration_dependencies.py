# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_dependencies
short_description: Find which machines move together
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Services that many machines share, such as names and directories, are recognised by their port and the number of their clients, or are
    named by the site. They join nothing.
  - What is left of the observed flows, the applications of the CMDB and what the site says join machines to groups, the closest dependencies
    first. A group never has more machines than the policy allows; what would have joined more is returned in C(parted).
extends_documentation_fragment:
  - hygeia.golden.migration
"""

EXAMPLES = r"""
- name: Show what depends on what
  ansible.builtin.debug:
    msg: "{{ inventory | hygeia.golden.migration_dependencies({'dependencies': {'largest_group': 20}}) }}"
"""

RETURN = r"""
_value:
  description: The dependencies.
  type: dict
  contains:
    services:
      description: Shared services, with their machines, ports, the number of clients, and how each was recognised.
      type: list
      elements: dict
    groups:
      description: Machines that move together, with their applications, owners, vendors and most critical tier.
      type: list
      elements: dict
    edges:
      description: Flows V(inside) a group, V(between) groups, to V(shared) services and V(outside), one for each pair and port.
      type: list
      elements: dict
    parted:
      description: Flows that cross groups, because a group would have had too many machines.
      type: list
      elements: dict
    silent:
      description: The ids of machines of which no flow is known. That is not the same as having no dependencies.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any


def migration_dependencies(inventory: Mapping[str, Any], policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import dependencies, given

    return given.analysed(dependencies.dependencies, inventory, policy)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migration_dependencies": migration_dependencies}
