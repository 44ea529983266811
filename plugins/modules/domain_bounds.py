#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_bounds
short_description: Bound what a guest of libvirt can take from its neighbours
description:
  - Sets processor shares and quota, memory limits, limits of disks, bandwidth and network filters of a guest, through
    C(virsh schedinfo), C(memtune), C(blkdeviotune), C(domiftune) and C(update-device).
  - A guest that runs is changed as it runs, and as it will be started. A bound that is not named stays as it is.
  - What is set is read back from libvirt.
  - Refused is what would starve the guest - a bound below its O(minimum), and a hard limit of memory that is no more
    than the memory of the guest.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - C(virsh), of the package C(libvirt-clients) or C(libvirt-client)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.writes
options:
  guest:
    description: The name of the guest, or its UUID.
    type: str
    required: true
  uri:
    description: The connection to libvirt.
    type: str
    default: qemu:///system
  processors:
    description: Bounds of its processors.
    type: dict
    default: {}
    suboptions:
      shares:
        description: Its weight against other guests when processors are scarce; without it the kernel takes 1024.
        type: int
      period:
        description: The period of the quota in microseconds; without it the kernel takes 100000.
        type: int
      quota:
        description: How many microseconds each of its processors may run in each period; V(0) is no limit.
        type: int
  memory:
    description: Bounds of its memory, such as V(6G), in which V(0) is no limit.
    type: dict
    default: {}
    suboptions:
      hard_limit:
        description: What its process may use at most, before the kernel ends it.
        type: bytes
      soft_limit:
        description: What the kernel leaves it when memory is scarce.
        type: bytes
      swap_hard_limit:
        description: What its process may use at most of memory and swap together.
        type: bytes
  disks:
    description:
      - Bounds of its disks, by the names that C(virsh blkdeviotune) has for them, in which V(0) is no limit. A later
        entry counts before an earlier one.
    type: list
    elements: dict
    default: []
    suboptions:
      target:
        description: The target of the disk, such as V(vda), with C(*) as a wildcard.
        type: str
        default: '*'
      total_bytes_sec: &disk
        description: Bytes per second, or operations per second, on average or at most for a burst, or seconds of a burst.
        type: int
      read_bytes_sec: *disk
      write_bytes_sec: *disk
      total_iops_sec: *disk
      read_iops_sec: *disk
      write_iops_sec: *disk
      total_bytes_sec_max: *disk
      read_bytes_sec_max: *disk
      write_bytes_sec_max: *disk
      total_iops_sec_max: *disk
      read_iops_sec_max: *disk
      write_iops_sec_max: *disk
      total_bytes_sec_max_length: *disk
      read_bytes_sec_max_length: *disk
      write_bytes_sec_max_length: *disk
      total_iops_sec_max_length: *disk
      read_iops_sec_max_length: *disk
      write_iops_sec_max_length: *disk
  interfaces:
    description: Bounds of its network cards. A later entry counts before an earlier one.
    type: list
    elements: dict
    default: []
    suboptions:
      target:
        description: The MAC address of the card, or its network or bridge, with C(*) as a wildcard.
        type: str
        default: '*'
      inbound: &direction
        description: The bandwidth of what it receives, or of what it sends.
        type: dict
        default: {}
        suboptions:
          average:
            description: KiB per second; V(0) is no limit.
            type: int
          peak:
            description: KiB per second at most.
            type: int
          burst:
            description: KiB in a burst at the peak.
            type: int
      outbound: *direction
      filter:
        description: The network filter of libvirt, such as V(clean-traffic). An empty one takes the filter away.
        type: str
  minimum:
    description: What the guest needs for its work.
    type: dict
    default: {}
    suboptions:
      processors:
        description: How many processors it needs, all of its own together.
        type: float
      shares:
        description: The least processor shares.
        type: int
      memory:
        description: The least memory, such as V(4G).
        type: bytes
      bytes_sec:
        description: Bytes per second of each disk.
        type: int
      iops_sec:
        description: Operations per second of each disk.
        type: int
      inbound:
        description: KiB per second that each network card receives.
        type: int
      outbound:
        description: KiB per second that each network card sends.
        type: int
seealso:
  - module: hygeia.golden.domain_isolation_info
  - name: virsh
    description: The commands that set each bound.
    link: https://www.libvirt.org/manpages/virsh.html
"""

EXAMPLES = r"""
- name: Keep a training workload from its clinical neighbours
  hygeia.golden.domain_bounds:
    guest: ai-training
    processors: {shares: 256, quota: 50000}
    disks:
      - {total_iops_sec: 500, total_bytes_sec: 52428800}
    interfaces:
      - {inbound: {average: 12800}, outbound: {average: 12800}, filter: clean-traffic}
  become: true

- name: Give an archive its share, but never less than it needs
  hygeia.golden.domain_bounds:
    guest: pacs
    processors: {shares: 4096}
    memory: {soft_limit: 16G}
    minimum: {processors: 4, memory: 12G, iops_sec: 2000}
  become: true
"""

RETURN = r"""
live:
  description: The bounds of the guest as it runs.
  returned: when it runs
  type: dict
  sample: {"processors shares": 256, "disk vda total_iops_sec": 500}
config:
  description: The bounds with which it will be started.
  returned: when it is persistent
  type: dict
  sample: {"processors shares": 256, "disk vda total_iops_sec": 500}
"""

import json
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.apply import apply, plans, shown
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.current import DIRECTIONS, FILTER, IO, LIMITS, RATES, SCHEDULING
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.wanted import BadRequest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import Guest, Virsh, VirshError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def _group(names: tuple[str, ...], kind: str) -> dict[str, Any]:
    return {"type": "dict", "default": {}, "options": {name: {"type": kind} for name in names}}


_TARGET = {"target": {"type": "str", "default": "*"}}
_MINIMUM = {
    "processors": "float",
    "shares": "int",
    "memory": "bytes",
    "bytes_sec": "int",
    "iops_sec": "int",
    "inbound": "int",
    "outbound": "int",
}
ARGUMENTS = {
    "guest": {"type": "str", "required": True},
    "uri": {"type": "str", "default": "qemu:///system"},
    "processors": _group(SCHEDULING, "int"),
    "memory": _group(LIMITS, "bytes"),
    "disks": {"type": "list", "elements": "dict", "default": [], "options": {**_TARGET, **{name: {"type": "int"} for name in IO}}},
    "interfaces": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {**_TARGET, **{way: _group(RATES, "int") for way in DIRECTIONS}, FILTER: {"type": "str"}},
    },
    "minimum": {"type": "dict", "default": {}, "options": {name: {"type": kind} for name, kind in _MINIMUM.items()}},
}


def main() -> None:
    module = Module(argument_spec=ARGUMENTS, supports_check_mode=True)
    name = module.params["guest"]
    try:
        guest = Guest(Virsh(Host(), module.params["uri"]), name)
        found = plans(guest, module.params)
        for plan in () if module.check_mode else found:
            apply(guest, plan)
    except (VirshError, BadRequest) as problem:
        module.fail_json(msg=f"The guest {name} is not bounded: {problem}.")
    module.exit_json(
        changed=any(plan.changes for plan in found),
        diff=[
            {
                "before_header": f"{name} ({plan.state})",
                "after_header": f"{name} ({plan.state})",
                "before": _text(shown(plan.before)),
                "after": _text(shown(plan.after)),
            }
            for plan in found
        ],
        **{plan.state: shown(plan.after) for plan in found},
    )


def _text(bounds: dict[str, Any]) -> str:
    return json.dumps(bounds, indent=4) + "\n"


if __name__ == "__main__":
    main()
