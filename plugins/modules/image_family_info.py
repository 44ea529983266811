#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_family_info
short_description: Detect whether a template holds Windows or Linux
description:
  - Looks at the partitions of a template's first disk, without mounting anything.
  - A disk holds Windows if it has a volume that only Windows has, and none with a filesystem, a volume group or an
    encrypted container of Linux.
  - A file that is compressed as a whole is taken for a template of Linux, since its disk cannot be seen before it is
    unpacked.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - qemu-img and, unless the image is raw, qemu-storage-daemon on the build host
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  source:
    description: The template, by its absolute path on the build host.
    type: path
    required: true
seealso:
  - module: hygeia.golden.windows_audit_info
  - module: hygeia.golden.image_session
"""

EXAMPLES = r"""
- name: Detect what the template holds
  hygeia.golden.image_family_info:
    source: /srv/templates/windows-2022.vhdx
  register: recognized
"""

RETURN = r"""
family:
  description: V(windows) or V(linux).
  returned: success
  type: str
  sample: windows
"""

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.windows import template


def main() -> None:
    module = Module(argument_spec={"source": {"type": "path", "required": True}}, supports_check_mode=True)
    try:
        windows = template.recognised(inspection.inspect_all(module.params["source"])[0])
        module.exit_json(changed=False, family="windows" if windows else "linux")
    except ImageError as problem:
        module.fail_json(msg=str(problem))
    except OSError as problem:
        module.fail_json(msg=f"{module.params['source']} cannot be read: {problem.strerror or problem}")


if __name__ == "__main__":
    main()
