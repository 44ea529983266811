# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: publication_found
short_description: Find the published images in what a platform lists
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Finds the images of a name by their labels, the one that consumers use, what interrupted publications left, and what has the name
    and is not of this collection.
options:
  _input:
    description: What the module of the platform's collection returned, such as C(images) of C(openstack.cloud.image_info).
    type: list
    elements: dict
    required: true
  platform:
    description: The platform.
    type: str
    choices: [openstack, proxmox]
    required: true
  name:
    description: The name of the image.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: List the published versions
  ansible.builtin.debug:
    msg: "{{ found.images | map(attribute='version') }}"
  vars:
    found: "{{ glance.images | hygeia.golden.publication_found('openstack', 'debian-12') }}"
"""

RETURN = r"""
_value:
  description:
    - C(images), the newest first, each with C(id), C(version), C(sha256), C(short), C(machine) and C(used_by); C(current), the one that
      has the name itself, empty if there is none or several; C(pointed), all of them; and the ids of C(leftovers) and C(foreign) images.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing import found as publishing
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def publication_found(listed: Sequence[Mapping[str, Any]], platform: str, name: str) -> dict[str, Any]:
    return publishing.found(publishing.platform(to_native(platform)).listed(to_native(listed)), to_native(name))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"publication_found": publication_found}
