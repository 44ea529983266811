#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: openstack_image_digest_info
short_description: Read an image of OpenStack in full, for its SHA-256
description:
  - Downloads an image from Glance and returns the digest of what arrived. Nothing is stored.
  - The digests that Glance itself keeps are those of the upload, so they do not show what happened in its store since.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  cloud:
    description: The name of the cloud in C(clouds.yaml).
    type: str
    required: true
  region:
    description: The region.
    type: str
  id:
    description: The id of the image.
    type: str
    required: true
requirements:
  - openstacksdk, on the host that the module runs on
seealso:
  - module: hygeia.golden.libvirt_upload
"""

EXAMPLES = r"""
- name: Read an image back
  hygeia.golden.openstack_image_digest_info:
    cloud: hospital
    id: 25e7838f-bac1-4559-a623-255959c00443
  register: image
"""

RETURN = r"""
sha256:
  description: The digest of what was read.
  returned: success
  type: str
size:
  description: How many bytes were read.
  returned: success
  type: int
"""

from ansible_collections.hygeia.golden.plugins.module_utils.publishing.openstack_image import OpenStackError, digest
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={"cloud": {"type": "str", "required": True}, "region": {"type": "str"}, "id": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    try:
        sha256, size = digest(module.params["cloud"], module.params["region"], module.params["id"])
    except OpenStackError as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(changed=False, sha256=sha256, size=size)


if __name__ == "__main__":
    main()
