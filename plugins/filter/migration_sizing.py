# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_sizing
short_description: Find how many hosts a new platform needs
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Measured load decides - the percentile of what the machines of a cluster use at the same moments, with a comfort factor. What was not
    measured follows from the configuration, and the coverage says how much that is.
  - Memory is as configured, and never promised twice in a cluster with a machine of tier 1 or of unknown tier.
  - Machines are placed by first-fit-decreasing with a lower bound beside it. With C(exact) in the policy, HiGHS looks for fewer hosts, if
    the Python library highspy is installed.
extends_documentation_fragment:
  - hygeia.golden.migration
"""

EXAMPLES = r"""
- name: Show how many hosts are needed
  ansible.builtin.debug:
    msg: "{{ inventory | hygeia.golden.migration_sizing({'sizing': {'host': {'cores': 64, 'memory_gib': 1024}}}) }}"
"""

RETURN = r"""
_value:
  description: The hosts.
  type: dict
  contains:
    clusters:
      description: The clusters with their hosts, spare hosts, lower bound, demand, coverage, layout, and machines that are wider than a NUMA node or
        fit nowhere.
      type: list
      elements: dict
    before:
      description: The clusters of today.
      type: list
      elements: dict
    total:
      description: The sums over all clusters.
      type: dict
    host:
      description: The new host.
      type: dict
    assumed_host:
      description: Whether the policy names no host, so that one was assumed.
      type: bool
"""

from collections.abc import Callable, Mapping
from typing import Any


def migration_sizing(inventory: Mapping[str, Any], policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import given, plan

    return given.analysed(plan.sizing, inventory, policy)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migration_sizing": migration_sizing}
