# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_placement
short_description: Decide whether a new platform has one cluster or several
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Compares the hosts of the clusters that the site keeps apart with those of one cluster, and shows the traffic between them.
extends_documentation_fragment:
  - hygeia.golden.migration
"""

EXAMPLES = r"""
- name: Show what segregation costs
  ansible.builtin.debug:
    msg: "{{ (inventory | hygeia.golden.migration_placement(policy)).advice }}"
"""

RETURN = r"""
_value:
  description: The placement.
  type: dict
  contains:
    clusters:
      description: The clusters with their sites and the reason for each.
      type: list
      elements: dict
    one:
      description: The hosts of one cluster for all.
      type: dict
    several:
      description: The hosts of several clusters.
      type: dict
    traffic:
      description: Flows between clusters.
      type: list
      elements: dict
    advice:
      description: What follows, in sentences.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any


def migration_placement(inventory: Mapping[str, Any], policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import given, plan

    return given.analysed(plan.placement, inventory, policy)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migration_placement": migration_placement}
