# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: segment_rules
short_description: Convert a segmentation policy to packet filter rules for a zone
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Turns a segmentation policy into the rules for a host in one of its zones, in the syntax of nft.
options:
  _input:
    description: The policy, as P(hygeia.golden.segmentation#lookup) returns it.
    type: dict
    required: true
  zone:
    description: The zone that the host is in.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the inbound rules of the zone imaging
  ansible.builtin.debug:
    msg: "{{ (policy | hygeia.golden.segment_rules('imaging')).in.zones }}"
  vars:
    policy: "{{ lookup('hygeia.golden.segmentation', 'segmentation.yml') }}"
"""

RETURN = r"""
_value:
  description:
    - For the directions C(in) and C(out) the C(order) in which networks are matched, the smallest first, each with its
      C(family), C(network) and C(zone); and for each of the C(zones) a list of its rules with C(protocol), C(ports) and
      C(comment).
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def segment_rules(policy: dict[str, Any], zone: str) -> dict[str, dict[str, Any]]:
    # Ansible loads every filter for each task that uses one, so what takes long to load is loaded by whoever needs it.
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import segmentation
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError

    try:
        return segmentation.rules(to_native(policy), to_native(zone))
    except PolicyError as problem:
        raise AnsibleFilterError(f"hygeia.golden.segment_rules: {problem}") from problem


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"segment_rules": segment_rules}
