#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_start
short_description: Start a guest of libvirt and wait for its login prompt
description:
  - Starts a domain, and waits until it writes a text to its serial console. How long that took is returned.
  - Nothing that the guest wrote is returned.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: none
    details: A guest that was not started has no console.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: A guest that is running is refused.
requirements:
  - python3-libvirt, on the host that the module runs on
options:
  uri:
    description: The connection to libvirt.
    type: str
    default: qemu:///system
  name:
    description: The domain, which must be defined and not running.
    type: str
    required: true
  text:
    description: The text that shows that the guest is up.
    type: str
    default: "login:"
  timeout:
    description: For how many seconds to wait.
    type: float
    default: 600
seealso:
  - module: community.libvirt.virt
"""

EXAMPLES = r"""
- name: Start the restored guest
  hygeia.golden.libvirt_start:
    uri: qemu+ssh://kvm2/system
    name: viewer-1
  register: restored
"""

RETURN = r"""
seconds:
  description: The seconds from the start to the text.
  returned: success
  type: float
"""

from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import LibvirtError, connected
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_start import started
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "uri": {"type": "str", "default": "qemu:///system"},
            "name": {"type": "str", "required": True},
            "text": {"type": "str", "default": "login:"},
            "timeout": {"type": "float", "default": 600},
        }
    )
    given = module.params
    if not given["text"]:
        module.fail_json(msg="Nothing shows that the guest is up: give the text that it writes, such as login:")
    try:
        with connected(given["uri"]) as connection:
            seconds = started(connection, given["name"], given["text"], given["timeout"])
    except LibvirtError as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(changed=True, seconds=round(seconds, 1))


if __name__ == "__main__":
    main()
