# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_segmentation
short_description: Draft a segmentation policy from observed flows
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Writes the zones and flows that the traffic shows in the form that the role P(hygeia.golden.segment#role) reads, so that a new platform
    starts with the rules that are needed. Each flow says that it was observed and is for review; what is seen is not always what should be.
  - The zones are those of the policy. Without any, each network of 256 addresses (64 bits with IPv6) is one.
extends_documentation_fragment:
  - hygeia.golden.migration
"""

EXAMPLES = r"""
- name: Write the draft
  ansible.builtin.copy:
    content: "{{ (inventory | hygeia.golden.migration_segmentation).policy | to_nice_yaml }}"
    dest: /srv/migration/segmentation.yml
    mode: "0640"
"""

RETURN = r"""
_value:
  description: The draft.
  type: dict
  contains:
    policy:
      description: A policy, as P(hygeia.golden.segmentation#lookup) returns it.
      type: dict
    unplaced:
      description: Machines and names without an address, whose flows are left out.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any


def migration_segmentation(inventory: Mapping[str, Any], policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import given, segmentation

    return given.analysed(segmentation.draft, inventory, policy)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migration_segmentation": migration_segmentation}
