#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: portability_info
short_description: Check on which platforms a system can run
description:
  - Checks for each platform whether the system has what the platform asks for - drivers of its disks in the initramfs of
    each installed kernel, drivers of its network cards, a firmware by which the disk starts, the guest agent, the
    datasource of cloud-init, the serial console, files that name a disk or a network card of one machine only, swap,
    the host name, a time service, kernel modules and parameters.
  - An opened template is read from its build host, and nothing of it is run. The initramfs is read by this module itself,
    not by C(lsinitramfs) or C(lsinitrd), and the EFI system partition without mounting it.
  - Predicts which machines of the boot matrix the system starts on; see M(hygeia.golden.image_boot).
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - C(sfdisk), and C(zstd) or C(lz4) if an initramfs is compressed by it
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  platforms:
    description: The platforms, as P(hygeia.golden.platforms#lookup) returns them.
    type: list
    elements: dict
    required: true
  agents:
    description: The known guest agents, as P(hygeia.golden.agents#lookup) returns them.
    type: list
    elements: dict
    default: []
  session:
    description: The directory of the session of an opened template, if the module runs on its build host.
    type: path
  root:
    description: The root file system to look at, if it is not that of the running system. Its disk is not seen then.
    type: path
  stage:
    description: The stage recorded in the results. The default is V(live) if the system is running, otherwise
      V(offline).
    type: str
    choices: [offline, boot, live]
seealso:
  - plugin: hygeia.golden.platforms
    plugin_type: lookup
  - module: hygeia.golden.image_boot
  - module: hygeia.golden.image_session
"""

EXAMPLES = r"""
- name: Check whether an opened template runs on vSphere and on Azure
  hygeia.golden.portability_info:
    platforms: "{{ query('hygeia.golden.platforms', 'vmware', 'azure') }}"
    agents: "{{ query('hygeia.golden.agents', 'guest_tools') }}"
    session: /var/lib/hygeia/sessions/debian-12
  delegate_to: localhost

- name: Check whether a running host could move to vSphere
  hygeia.golden.portability_info:
    platforms: "{{ query('hygeia.golden.platforms', 'vmware') }}"
    agents: "{{ query('hygeia.golden.agents', 'guest_tools') }}"
  become: true
  register: portability
"""

RETURN = r"""
results:
  description: One result for each aspect of each platform.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(portable-ASPECT-PLATFORM), where the aspect is C(firmware), C(disk), C(devices), C(swap), C(console),
          C(cmdline), C(modules), C(network), C(names), C(datasource), C(hostname), C(agent) or C(time).
      returned: always
      type: str
      sample: portable-disk-vmware
    status:
      description: V(pass), V(fail), V(error), V(not_applicable) if the platform does not ask for it, or V(not_checked).
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: pass
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: offline
    expected:
      description: What the platform asks for.
      returned: always
      type: dict
      sample: {"one of": [pvscsi, lsilogic, ahci]}
    observed:
      description: What the system has of it.
      returned: always
      type: dict
      sample: {"one of": [pvscsi]}
    read_from:
      description: Where it was read.
      returned: always
      type: str
      sample: /boot/initrd.img-6.1.0-57-cloud-amd64 and modules.builtin
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
hardware:
  description: The machines of the boot matrix, and whether the system should start on each.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the machine, as O(hygeia.golden.image_boot#module:hardware) takes it.
      returned: always
      type: str
      sample: ahci
    starts:
      description: Whether a login over the network should be possible, or null if that is not known.
      returned: always
      type: bool
      sample: false
    why:
      description: What is missing, empty if nothing is.
      returned: always
      type: str
      sample: the initramfs of 6.1.0-57-cloud-amd64 lacks ahci
"""

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import starting
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import DISK
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.portability.evaluate import System, evaluate, predicted
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "platforms": {"type": "list", "elements": "dict", "required": True},
            "agents": {"type": "list", "elements": "dict", "default": []},
            "session": {"type": "path"},
            "root": {"type": "path"},
            "stage": {"type": "str", "choices": list(STAGES)},
        },
        mutually_exclusive=[("session", "root")],
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **found(module.params))
    except ImageError as problem:
        module.fail_json(msg=f"The portability of the template cannot be checked: {problem}.")


def found(params: dict[str, Any]) -> dict[str, Any]:
    if params["session"]:
        session = Session(params["session"])
        with session.acting("open"):
            return _found(Host(enter.tree(session)), starting.of(session.path(DISK)), params)
    if params["root"]:
        return _found(Host(params["root"]), None, params)
    return _found(Host(), starting.of_running_system(), params)


def _found(host: Host, starts: starting.Starting | None, params: dict[str, Any]) -> dict[str, Any]:
    system = System(host, params["agents"], starts)
    stage = params["stage"] or ("live" if host.booted else "offline")
    return {"results": evaluate(system, params["platforms"], stage), "hardware": predicted(system)}


if __name__ == "__main__":
    main()
