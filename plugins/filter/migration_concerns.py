# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_concerns
short_description: Find what can go wrong when machines move to another platform
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Evaluates the concerns in C(roles/baseline/files/migration/concerns.yml) for each machine. Those for which forklift's validation service
    has a concern name its ids as aliases.
  - A concern about a field that no source fills in is V(unknown), and a machine with an unknown concern is never ready.
  - The policy can assume what no export says and accept concerns, with a reason.
extends_documentation_fragment:
  - hygeia.golden.migration
"""

EXAMPLES = r"""
- name: Show the machines that cannot move as they are
  ansible.builtin.debug:
    msg: "{{ machines | dict2items | selectattr('value.readiness', 'eq', 'blocked') }}"
  vars:
    machines: "{{ (inventory | hygeia.golden.migration_concerns).machines }}"
"""

RETURN = r"""
_value:
  description: The concerns.
  type: dict
  contains:
    concerns:
      description: All concerns with category, title, remedy and aliases, and on how many machines each was found, unknown or accepted.
      type: list
      elements: dict
    machines:
      description: For each id the concerns that were C(found), are C(unknown) or C(accepted), and C(readiness), which is V(blocked), V(unknown),
        V(attention) or V(ready).
      type: dict
    readiness:
      description: How many machines are how ready.
      type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any


def migration_concerns(inventory: Mapping[str, Any], policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import concerns, given

    return given.analysed(concerns.concerns, inventory, policy)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migration_concerns": migration_concerns}
