#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_image_info
short_description: List the images that are published to libvirt
description:
  - Lists the published images of a name in a storage pool, with who uses them, and the template that names the one to use.
  - With O(read), the volumes that the template names are read in full, for their digests.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.libvirt
options:
  name:
    description: The name of the image, which is that of the template too.
    type: str
    required: true
  read:
    description: Whether to read the volumes that the template names through libvirt, for their digests.
    type: bool
    default: false
seealso:
  - module: hygeia.golden.libvirt_upload
  - module: community.libvirt.virt_volume
"""

EXAMPLES = r"""
- name: Which versions are on the second host?
  hygeia.golden.libvirt_image_info:
    uri: qemu+ssh://kvm2/system
    pool: golden
    name: debian-12
    read: true
  register: published
"""

RETURN = r"""
images:
  description: The published images, the newest first.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: The version.
      type: str
      sample: 20261109T120000Z
    short:
      description: The first digits of the SHA-256, as the name of the volume has them.
      type: str
      sample: 6f7233968ad6
    disks:
      description: The volumes of the disks, in their order.
      type: list
      elements: str
      sample: [debian-12-20261109T120000Z-6f7233968ad6.qcow2]
    modified:
      description: When the volume was written, in seconds since 1970.
      type: float
    used_by:
      description: The domains and volumes that need it.
      type: list
      elements: str
      sample: [domain debian-12]
template:
  description: The domain of this name, or null if there is none.
  returned: success
  type: dict
  contains:
    managed:
      description: Whether this collection defined it.
      type: bool
    active:
      description: Whether it is running, which a template should never be.
      type: bool
    version:
      description: The version that it names.
      type: str
    sha256:
      description: The digest of that version, according to its metadata.
      type: str
    disks:
      description: The volumes that it names.
      type: list
      elements: str
    read:
      description:
        - The digests of these volumes as they were read, in the same order; empty for a volume that is not there. Null unless
          O(read) is true.
      type: list
      elements: str
    machine:
      description: Its C(firmware), C(disk), C(network) and whether it has a channel for the C(agent).
      type: dict
      sample: {firmware: bios, disk: virtio-blk, network: virtio-net, agent: true}
"""

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.publishing import libvirt_images, libvirt_upload
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import LibvirtError, connected, found_or_none, pool_of
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "uri": {"type": "str", "default": "qemu:///system"},
            "pool": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "read": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **look(**module.params))
    except LibvirtError as problem:
        module.fail_json(msg=str(problem))


def look(uri: str, pool: str, name: str, read: bool) -> dict[str, Any]:
    with connected(uri) as connection:
        place = pool_of(connection, pool)
        template = libvirt_images.template(connection, name)
        if template:
            template["read"] = [_digest(connection, place, volume) for volume in template["disks"]] if read else None
        return {"images": libvirt_images.images(connection, place, name), "template": template}


def _digest(connection: Any, pool: Any, name: str) -> str:
    volume = found_or_none(pool.storageVolLookupByName, name)
    return libvirt_upload.digest(connection, volume) if volume is not None else ""


if __name__ == "__main__":
    main()
