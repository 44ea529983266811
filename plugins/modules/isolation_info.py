#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: isolation_info
short_description: Look how isolated a guest is from its neighbours and its hypervisor
description:
  - Looks at the ways into and through a virtual machine that need no flow of the network policy - what listens for other
    machines and for the hypervisor, folders that the hypervisor shares, agents that share the clipboard and files, what
    QEMU's guest agent lets the hypervisor do, and whether packets of others pass through.
  - The guest agent itself is asked which calls are left, with the arguments that its unit starts it with and the
    configuration that it reads, so that a line which it does not understand blocks nothing here either.
  - What listens is known only when the system runs; elsewhere that result is V(not_checked).
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - C(ss), of the package C(iproute2) or C(iproute), where the system runs
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  listeners:
    description:
      - The ports that other machines may reach, as C(22/tcp) or C(68/udp), and those for the hypervisor alone, as
        C(22/vsock).
    type: list
    elements: str
    required: true
  shared_folders:
    description: Mount points at which folders of the hypervisor may be mounted.
    type: list
    elements: str
    default: []
  agents:
    description: Agents of a console that may be there.
    type: list
    elements: str
    choices: [spice-vdagent, spice-webdavd, open-vm-tools-desktop, virtualbox-guest, hyperv-fcopy, parallels-tools]
    default: []
  guest_rpcs:
    description:
      - Calls that QEMU's guest agent may answer. An asterisk stands for anything.
      - The default leaves what backups, shutdowns and inventories need, and nothing that runs programs, touches files,
        passwords or keys.
    type: list
    elements: str
    default:
      - guest-sync
      - guest-sync-delimited
      - guest-ping
      - guest-info
      - guest-get-*
      - guest-network-get-*
      - guest-fsfreeze-*
      - guest-fstrim
      - guest-set-time
      - guest-shutdown
  forwarding:
    description: Whether packets of others may pass through.
    type: bool
    default: false
  stage:
    description: What the results say of the system's stage. By default V(live) where it runs, else V(offline).
    type: str
    choices: [offline, boot, live]
seealso:
  - module: hygeia.golden.flow_info
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look how isolated an archive is
  hygeia.golden.isolation_info:
    listeners: [22/tcp, 104/tcp]
    guest_rpcs: [guest-sync*, guest-ping, guest-info, guest-fsfreeze-*, guest-shutdown]
  become: true
  register: isolation
"""

RETURN = r"""
results:
  description: One result for each way in.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(isolation-listeners), C(isolation-shared-folders), C(isolation-agents), C(isolation-guest-rpcs) or
          C(isolation-forwarding).
      type: str
      sample: isolation-guest-rpcs
    status:
      description: V(pass), V(fail), V(error), V(not_applicable) without an agent, or V(not_checked).
      type: str
      sample: fail
    stage:
      description: V(offline), V(boot) or V(live).
      type: str
      sample: offline
    expected:
      description: What the site lets be.
      type: dict
    observed:
      description: What is there.
      type: dict
    read_from:
      description: Where that was read.
      type: str
      sample: /usr/sbin/qemu-ga --dump-conf
    message:
      description: What is too much, and what to do.
      type: str
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.isolation.looked import looked
from ansible_collections.hygeia.golden.plugins.module_utils.isolation.sharing import AGENTS
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES

GUEST_RPCS = [
    "guest-sync", "guest-sync-delimited", "guest-ping", "guest-info", "guest-get-*", "guest-network-get-*", "guest-fsfreeze-*", "guest-fstrim",
    "guest-set-time", "guest-shutdown",
]


def main():
    module = AnsibleModule(
        argument_spec={
            "listeners": {"type": "list", "elements": "str", "required": True},
            "shared_folders": {"type": "list", "elements": "str", "default": []},
            "agents": {"type": "list", "elements": "str", "choices": [agent.name for agent in AGENTS], "default": []},
            "guest_rpcs": {"type": "list", "elements": "str", "default": GUEST_RPCS},
            "forwarding": {"type": "bool", "default": False},
            "stage": {"type": "str", "choices": list(STAGES)},
        },
        supports_check_mode=True,
    )
    wrong = [port for port in module.params["listeners"] if not re.fullmatch(r"[0-9]+/(tcp|udp|vsock)", port)]
    if wrong:
        module.fail_json(msg=f"listeners: {wrong[0]} is no port; write one such as 22/tcp, 68/udp or 22/vsock.")
    module.exit_json(changed=False, results=looked(Host(), module.params, module.params["stage"]))


if __name__ == "__main__":
    main()
