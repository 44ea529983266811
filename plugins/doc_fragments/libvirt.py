# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every module says that publishes to libvirt."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  uri:
    description: The connection to libvirt, for example V(qemu+ssh://kvm2/system).
    type: str
    default: qemu:///system
  pool:
    description: The storage pool, which must be active.
    type: str
    required: true
requirements:
  - python3-libvirt, on the host that the module runs on
"""
