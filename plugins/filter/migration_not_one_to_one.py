# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_not_one_to_one
short_description: Find machines that should not move as they are
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - File servers, whose data fits network storage, objects or a collaboration service; databases; appliances; machines that have been off
    for long.
extends_documentation_fragment:
  - hygeia.golden.migration
"""

EXAMPLES = r"""
- name: Show what can be retired
  ansible.builtin.debug:
    msg: "{{ (inventory | hygeia.golden.migration_not_one_to_one).advice | selectattr('advice', 'eq', 'retire') }}"
"""

RETURN = r"""
_value:
  description: The advice.
  type: dict
  contains:
    advice:
      description: The machines by id, each with the advice, V(retire), V(ask), V(files), V(objects), V(database) or V(rebuild), the reason and its
        GiB.
      type: list
      elements: dict
    counts:
      description: How often each advice is given.
      type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any


def migration_not_one_to_one(inventory: Mapping[str, Any], policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import given, plan

    return given.analysed(plan.advice, inventory, policy)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migration_not_one_to_one": migration_not_one_to_one}
