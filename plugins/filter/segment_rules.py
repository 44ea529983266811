# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: segment_rules
short_description: What a packet filter says for a host of one zone
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Turns a segmentation policy into what the ruleset of a host in one of its zones has to say, in the words of nft.
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
- name: Show what may come in to a host of the zone imaging
  ansible.builtin.debug:
    msg: "{{ (policy | hygeia.golden.segment_rules('imaging')).in.zones }}"
  vars:
    policy: "{{ lookup('hygeia.golden.segmentation', 'segmentation.yml') }}"
"""

RETURN = r"""
_value:
  description:
    - For the directions C(in) and C(out) the C(order) in which networks are asked, the smallest first, each with its
      C(family), C(network) and C(zone); and for each of the C(zones) a list of its rules with C(protocol), C(ports) and
      C(comment).
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils import segmentation
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


def segment_rules(policy, zone):
    try:
        return segmentation.rules(plain(policy), plain(zone))
    except PolicyError as problem:
        raise AnsibleFilterError(f"hygeia.golden.segment_rules: {problem}") from problem


class FilterModule:
    def filters(self):
        return {"segment_rules": segment_rules}
