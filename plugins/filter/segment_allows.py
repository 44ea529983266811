# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: segment_allows
short_description: Check whether a segmentation policy allows an address to reach a zone
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns whether the policy allows a host with a given address to open a connection to a host in a zone.
options:
  _input:
    description: The policy, as P(hygeia.golden.segmentation#lookup) returns it.
    type: dict
    required: true
  address:
    description: The source address of the connection.
    type: str
    required: true
  zone:
    description: The zone that the host is in.
    type: str
    required: true
  port:
    description: The destination port.
    type: int
    required: true
  protocol:
    description: The protocol.
    type: str
    choices: [tcp, udp]
    default: tcp
"""

EXAMPLES = r"""
- name: Refuse a policy that locks the operator out
  ansible.builtin.assert:
    that: policy | hygeia.golden.segment_allows('10.10.5.7', 'imaging', 22)
  vars:
    policy: "{{ lookup('hygeia.golden.segmentation', 'segmentation.yml') }}"
"""

RETURN = r"""
_value:
  description: Whether the connection is allowed.
  type: bool
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def segment_allows(policy: dict[str, Any], address: str, zone: str, port: str | int, protocol: str = "tcp") -> bool:
    # Ansible loads every filter for each task that uses one, so what takes long to load is loaded by whoever needs it.
    from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy

    wanted = Policy(to_native(policy))
    try:
        source = ipaddress.ip_address(to_native(address).partition("%")[0])
    except ValueError as problem:
        raise AnsibleFilterError(f"hygeia.golden.segment_allows: {problem}") from problem
    return wanted.allows(wanted.zone_of(getattr(source, "ipv4_mapped", None) or source), to_native(zone), to_native(protocol), int(port))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"segment_allows": segment_allows}
