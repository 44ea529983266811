# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: shared_by_tenants
short_description: Find what tenants share on all hypervisors
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Compares what the guests of different tenants touch, over all hypervisors - networks, bridges, storage pools, disks,
    directories and memory of the host, devices and their IOMMU groups - and who administers them. What two tenants share
    without a reason that the policy declares is a failure.
  - What lies on storage or a network that hosts share is the same thing on each of them; anything else is a thing of its
    host, whatever its name is. A file below an overlay that is only read counts if another guest has it as its disk.
  - As long as a hypervisor was not checked, nothing passes.
options:
  _input:
    description:
      - For each hypervisor a dictionary with C(host), its inventory name, and the C(guests) and C(administrators) that
        M(hygeia.golden.domain_isolation_info) returned, or C(problem), why it was not checked.
    type: list
    elements: dict
    required: true
  tenants:
    description: The tenants, as P(hygeia.golden.tenants#lookup) returns them.
    type: list
    elements: dict
    required: true
  host:
    description: The inventory name of the hypervisor whose results are returned.
    type: str
    required: true
seealso:
  - module: hygeia.golden.domain_isolation_info
  - plugin: hygeia.golden.tenants
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Find what tenants share
  ansible.builtin.set_fact:
    verify_records: >-
      {{ verify_records
         + (looks
            | hygeia.golden.shared_by_tenants(tenants, inventory_hostname)
            | hygeia.golden.records(baseline_checks, inventory_hostname)) }}
  vars:
    tenants: "{{ query('hygeia.golden.tenants', policy=['/srv/policy']) }}"
    looks: "{{ ansible_play_hosts_all | map('extract', hostvars, 'verify_domains_look') }}"
"""

RETURN = r"""
_value:
  description:
    - One result for the assignment of the guests, C(tenant-guests), and one for each kind of thing, such as
      C(tenant-network), with the things that guests of this hypervisor touch.
  type: list
  elements: dict
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.tenants import Site
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def shared_by_tenants(looks: Sequence[Entry], tenants: Sequence[Entry], host: str) -> list[Record]:
    return Site(to_native(looks), to_native(tenants)).results(to_native(host))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"shared_by_tenants": shared_by_tenants}
