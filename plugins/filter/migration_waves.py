# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_waves
short_description: Plan in which waves groups of machines move
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Groups of P(hygeia.golden.migration_dependencies#filter) move whole - a pilot, shared services, then by complexity and clinical tier,
    and last what the site says.
  - Weekdays, windows of the machines, freezes, the capacity of a wave and days of vendors' sign-offs are kept. What cannot be given a day
    is unscheduled, with the reason.
extends_documentation_fragment:
  - hygeia.golden.migration
"""

EXAMPLES = r"""
- name: Show when machines move
  ansible.builtin.debug:
    msg: "{{ (inventory | hygeia.golden.migration_waves({'waves': {'start': '2027-01-09'}})).waves }}"
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    waves:
      description: The waves in the order of their days, each with its groups, machines, GiB, readiness and risks.
      type: list
      elements: dict
    unscheduled:
      description: Groups without a day, with the reasons.
      type: list
      elements: dict
    crossing:
      description: Dependencies between groups of different waves, with what they mean for latency, firewalls and identity meanwhile.
      type: list
      elements: dict
    stay:
      description: Groups of shared services that stay where they are.
      type: list
      elements: str
    retired:
      description: Ids of machines that are retired instead.
      type: list
      elements: str
    groups:
      description: The wave, complexity and risk of each group.
      type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any


def migration_waves(inventory: Mapping[str, Any], policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import given, plan

    return given.analysed(plan.waves, inventory, policy)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migration_waves": migration_waves}
