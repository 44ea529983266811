#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_upload
short_description: Upload a file to a storage pool of libvirt and verify what arrived
description:
  - Sees to it that a volume holds exactly the bytes of a file. It is written through libvirt, so the host may be another one, then
    read back and compared by its SHA-256. What differs is removed.
  - A volume that an interrupted upload left is replaced. A volume that a domain or another volume uses and that differs is
    refused, because somebody has written to it.
  - The volume gets mode 0444, so that QEMU cannot write to it unless it runs as root.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.libvirt
attributes:
  check_mode:
    support: full
    details: An existing volume is read in check mode too.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  volume:
    description: The name of the volume.
    type: str
    required: true
  source:
    description: The file.
    type: path
    required: true
  sha256:
    description: The SHA-256 that the file has, and the volume must have.
    type: str
    required: true
seealso:
  - module: hygeia.golden.libvirt_image_info
  - module: community.libvirt.virt_volume
"""

EXAMPLES = r"""
- name: Upload an image to the second host
  hygeia.golden.libvirt_upload:
    uri: qemu+ssh://kvm2/system
    pool: golden
    volume: "{{ image_promoted.image.path | basename }}"
    source: "{{ image_promoted.image.path }}"
    sha256: "{{ image_promoted.image.sha256 }}"
"""

RETURN = r"""
sha256:
  description: The digest that was read back. In check mode that of the volume as it is, empty if there is none.
  returned: success
  type: str
"""

from ansible_collections.hygeia.golden.plugins.module_utils.publishing import libvirt_upload
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import LibvirtError, connected, pool_of
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "uri": {"type": "str", "default": "qemu:///system"},
            "pool": {"type": "str", "required": True},
            "volume": {"type": "str", "required": True},
            "source": {"type": "path", "required": True},
            "sha256": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        with connected(given["uri"]) as connection:
            pool = pool_of(connection, given["pool"])
            changed, found = libvirt_upload.present(connection, pool, given["volume"], given["source"], given["sha256"], module.check_mode)
    except LibvirtError as problem:
        module.fail_json(msg=str(problem))
    except OSError as problem:
        module.fail_json(msg=f"{given['source']} cannot be read: {problem.strerror or problem}")
    module.exit_json(changed=changed, sha256=found)


if __name__ == "__main__":
    main()
