# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: publication_settings
short_description: State the virtual machine of a published image in the settings of a platform
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns the properties or options of the platform that give a machine these devices.
options:
  _input:
    description: The machine, as P(hygeia.golden.publication_machine#filter) chooses it.
    type: dict
    required: true
  platform:
    description: The platform.
    type: str
    choices: [openstack, proxmox]
    required: true
"""

EXAMPLES = r"""
- name: Show the properties that OpenStack is given
  ansible.builtin.debug:
    msg: "{{ machine | hygeia.golden.publication_settings('openstack') }}"
  vars:
    machine: {firmware: uefi, disk: virtio-scsi, network: virtio-net, agent: true}
"""

RETURN = r"""
_value:
  description: The settings.
  type: dict
  sample: {hw_firmware_type: uefi, hw_disk_bus: scsi, hw_scsi_model: virtio-scsi, hw_vif_model: virtio, hw_qemu_guest_agent: "yes"}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing import found as publishing
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def publication_settings(machine: Mapping[str, Any], platform: str) -> dict[str, Any]:
    settings: dict[str, Any] = publishing.platform(to_native(platform)).settings(to_native(machine))
    return settings


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"publication_settings": publication_settings}
