# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: publication_machine
short_description: Choose the virtual machine of a published image
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Chooses firmware, disk controller and network card from those that work with every kernel of an image and that a target offers.
  - It fails if nothing is known about the image on that platform, because a guess would start nowhere.
options:
  _input:
    description: What works on the platform, as M(hygeia.golden.promotion_info) returns it in RV(hygeia.golden.promotion_info#module:machines).
    type: dict
    required: true
  offers:
    description: The C(firmware), C(disks) and C(networks) that the target offers.
    type: dict
    required: true
  chosen:
    description: What the site has chosen, with any of C(firmware), C(disk), C(network) and C(agent).
    type: dict
    default: {}
  platform:
    description: The platform, for messages.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Choose the machine
  ansible.builtin.debug:
    msg: "{{ promotion.machines.kvm | hygeia.golden.publication_machine(offers, {}, 'kvm') }}"
  vars:
    offers: {firmware: [bios, uefi], disks: [virtio-blk, ahci], networks: [virtio-net]}
"""

RETURN = r"""
_value:
  description: The C(firmware), C(disk) and C(network), and whether the machine has a channel for the C(agent).
  type: dict
  sample: {firmware: bios, disk: virtio-blk, network: virtio-net, agent: true}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.machine import NoMachine, machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def publication_machine(facts: Mapping[str, Any], offers: Mapping[str, Any], chosen: Mapping[str, Any], platform: str) -> dict[str, Any]:
    try:
        return machine(to_native(facts), to_native(offers), to_native(chosen), to_native(platform))
    except NoMachine as problem:
        raise AnsibleFilterError(str(problem)) from problem


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"publication_machine": publication_machine}
