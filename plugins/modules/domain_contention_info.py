#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_contention_info
short_description: Check whether guests waited for what their neighbours used
description:
  - Reads libvirt's statistics of all guests twice, and checks for each of O(guests) how long its processors were ready
    and did not run, whether its balloon has taken memory or it reads from its swap, and how long requests to its disks
    took.
  - A failed record names the neighbour that used most in the window, where there is one that used much.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - C(virsh), of the package C(libvirt-clients) or C(libvirt-client)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  guests:
    description: The names of the guests to check, or their UUIDs.
    type: list
    elements: str
    required: true
  uri:
    description: The connection to libvirt.
    type: str
    default: qemu:///system
  seconds:
    description: The length of the window.
    type: float
    default: 10
  wait:
    description: How long each processor may be ready and wait, in percent of the window.
    type: float
    default: 5
  latency:
    description: How long a request to a disk may take on average, in milliseconds.
    type: float
    default: 20
seealso:
  - module: hygeia.golden.domain_bounds
"""

EXAMPLES = r"""
- name: Check whether the archive gets what it needs
  hygeia.golden.domain_contention_info:
    guests: [pacs]
    seconds: 60
  become: true
  register: contention
"""

RETURN = r"""
results:
  description: Three results for each guest.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: C(contention-processors-GUEST), C(contention-memory-GUEST) or C(contention-disks-GUEST).
      returned: always
      type: str
      sample: contention-processors-pacs
    status:
      description: V(pass), V(fail), V(not_applicable) without a request to a disk, or V(not_checked).
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: fail
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: live
    expected:
      description: The limit.
      returned: always
      type: dict
      sample: {"waited %": 5.0}
    observed:
      description: What was measured.
      returned: always
      type: dict
      sample: {"waited %": 48.1, "used %": 51.3, "seconds": 10.0}
    read_from:
      description: Where it was read.
      returned: always
      type: str
      sample: virsh domstats, twice
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
"""

import time

from ansible_collections.hygeia.golden.plugins.module_utils.domains.contention.evaluate import Limits, evaluate
from ansible_collections.hygeia.golden.plugins.module_utils.domains.contention.samples import Window, sample
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import Guest, Virsh, VirshError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

STATISTICS = ("domstats", "--cpu-total", "--vcpu", "--balloon", "--block", "--list-active")


def main() -> None:
    module = Module(
        argument_spec={
            "guests": {"type": "list", "elements": "str", "required": True},
            "uri": {"type": "str", "default": "qemu:///system"},
            "seconds": {"type": "float", "default": 10.0},
            "wait": {"type": "float", "default": 5.0},
            "latency": {"type": "float", "default": 20.0},
        },
        supports_check_mode=True,
    )
    if not 0.1 <= module.params["seconds"] <= 3600:
        module.fail_json(msg=f"seconds is {module.params['seconds']:g}, and must be from 0.1 to 3600.")
    virsh = Virsh(Host(), module.params["uri"])
    try:
        guests = {guest.name: guest.uuid for guest in (Guest(virsh, name) for name in module.params["guests"])}
        windows = measured(virsh, module.params["seconds"])
    except VirshError as problem:
        module.fail_json(msg=f"Contention cannot be measured: {problem}.")
    absent = [name for name in guests if name not in windows]
    if absent:
        module.fail_json(msg=f"Contention cannot be measured: the guest {absent[0]} did not run all the time; start it.")
    limits = Limits(module.params["wait"], module.params["latency"])
    module.exit_json(changed=False, results=evaluate(windows, guests, limits))


def measured(virsh: Virsh, seconds: float) -> dict[str, Window]:
    """Each guest that runs at both ends of the window."""
    start = time.monotonic()
    before = sample(virsh.ask(*STATISTICS))
    time.sleep(seconds)
    after, elapsed = sample(virsh.ask(*STATISTICS)), time.monotonic() - start
    return {name: Window(before[name], after[name], elapsed) for name in after if name in before}


if __name__ == "__main__":
    main()
