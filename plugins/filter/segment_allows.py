# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: segment_allows
short_description: Whether a segmentation policy lets an address reach a zone
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Says whether a host with some address may open a connection to a host of a zone, as the policy has it.
options:
  _input:
    description: The policy, as P(hygeia.golden.segmentation#lookup) returns it.
    type: dict
    required: true
  address:
    description: The address from which the connection comes.
    type: str
    required: true
  zone:
    description: The zone that the host is in.
    type: str
    required: true
  port:
    description: The port that it goes to.
    type: int
    required: true
  protocol:
    description: The protocol.
    type: str
    choices: [tcp, udp]
    default: tcp
"""

EXAMPLES = r"""
- name: Refuse to cut the operator off
  ansible.builtin.assert:
    that: policy | hygeia.golden.segment_allows('10.10.5.7', 'imaging', 22)
  vars:
    policy: "{{ lookup('hygeia.golden.segmentation', 'segmentation.yml') }}"
"""

RETURN = r"""
_value:
  description: Whether it may.
  type: bool
"""

import ipaddress

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


def segment_allows(policy, address, zone, port, protocol="tcp"):
    wanted = Policy(plain(policy))
    try:
        source = ipaddress.ip_address(plain(address).partition("%")[0])
    except ValueError as problem:
        raise AnsibleFilterError(f"hygeia.golden.segment_allows: {problem}") from problem
    return wanted.allows(wanted.zone_of(getattr(source, "ipv4_mapped", None) or source), plain(zone), plain(protocol), int(port))


class FilterModule:
    def filters(self):
        return {"segment_allows": segment_allows}
