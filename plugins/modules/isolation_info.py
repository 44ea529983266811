#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: isolation_info
short_description: Check how a guest is isolated from its neighbours and its hypervisor
description:
  - Checks the paths into and through a virtual machine that the network policy does not cover - listening sockets,
    vsock listeners, directories shared by the hypervisor, agents that share the clipboard and files, the calls that
    QEMU's guest agent allows, and packet forwarding.
  - The guest agent itself reports the calls that remain, with the arguments of its unit and its configuration, so that
    a line that it does not understand does not count as blocking either.
  - Listening sockets are known only on a running system; otherwise that result is V(not_checked).
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
      - The ports that other machines may reach, such as C(22/tcp) or C(68/udp), and those for the hypervisor only, such
        as C(22/vsock).
    type: list
    elements: str
    required: true
  shared_directories:
    description: Mount points of permitted directories shared by the hypervisor.
    type: list
    elements: str
    default: []
  agents:
    description: Permitted console agents.
    type: list
    elements: str
    choices: [spice-vdagent, spice-webdavd, open-vm-tools-desktop, virtualbox-guest, hyperv-fcopy, parallels-tools]
    default: []
  guest_rpcs:
    description:
      - Permitted calls of QEMU's guest agent, with C(*) as a wildcard.
      - The default permits what backups, shutdowns and inventories need, but nothing that runs programs or accesses
        files, passwords or keys.
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
    description: Whether the guest may forward packets of other machines.
    type: bool
    default: false
  stage:
    description: The stage recorded in the results. The default is V(live) if the system is running, otherwise
      V(offline).
    type: str
    choices: [offline, boot, live]
seealso:
  - module: hygeia.golden.flow_info
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check the isolation of an archive
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
        - C(isolation-listeners), C(isolation-shared-directories), C(isolation-agents), C(isolation-guest-rpcs) or
          C(isolation-forwarding).
      returned: always
      type: str
      sample: isolation-guest-rpcs
    status:
      description: V(pass), V(fail), V(error), V(not_applicable) without an agent, or V(not_checked).
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: fail
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: offline
    expected:
      description: What the site permits.
      returned: always
      type: dict
    observed:
      description: The observed state.
      returned: always
      type: dict
    read_from:
      description: Where it was read.
      returned: always
      type: str
      sample: /usr/sbin/qemu-ga --dump-conf
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
"""

import re

from ansible_collections.hygeia.golden.plugins.module_utils.isolation.detected import detect
from ansible_collections.hygeia.golden.plugins.module_utils.isolation.sharing import AGENTS
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

GUEST_RPCS = [
    "guest-sync",
    "guest-sync-delimited",
    "guest-ping",
    "guest-info",
    "guest-get-*",
    "guest-network-get-*",
    "guest-fsfreeze-*",
    "guest-fstrim",
    "guest-set-time",
    "guest-shutdown",
]


def main() -> None:
    module = Module(
        argument_spec={
            "listeners": {"type": "list", "elements": "str", "required": True},
            "shared_directories": {"type": "list", "elements": "str", "default": []},
            "agents": {"type": "list", "elements": "str", "choices": [agent.name for agent in AGENTS], "default": []},
            "guest_rpcs": {"type": "list", "elements": "str", "default": GUEST_RPCS},
            "forwarding": {"type": "bool", "default": False},
            "stage": {"type": "str", "choices": list(STAGES)},
        },
        supports_check_mode=True,
    )
    wrong = [port for port in module.params["listeners"] if not re.fullmatch(r"[0-9]+/(tcp|udp|vsock)", port)]
    if wrong:
        module.fail_json(msg=f"listeners: {wrong[0]} is not a valid port; write one such as 22/tcp, 68/udp or 22/vsock.")
    module.exit_json(changed=False, results=detect(Host(), module.params, module.params["stage"]))


if __name__ == "__main__":
    main()
