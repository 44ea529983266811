#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_info
short_description: Audit a system against controls
description:
  - Reads the effective value of every setting of every given control in one call and compares it with the expected
    value.
  - A value counts as effective when the software says so, such as C(sshd -T), the merged order of C(sysctl.d) or
    C(systemctl is-enabled). The files written by M(hygeia.golden.enforce) are never taken as evidence.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.controls
options:
  stage:
    description:
      - The stage of the system - V(offline) for an opened template or a root filesystem, V(boot) for a throwaway boot
        of a template, V(live) for a running system.
      - The default is V(live) on a system where systemd runs, otherwise V(offline).
    type: str
    choices: [offline, boot, live]
  injected:
    description:
      - What M(hygeia.golden.image_boot) injected into a throwaway copy for its login, as that module returns it. It is
        not part of the template and is not evaluated.
      - A line that was changed afterwards, or that occurs twice, is evaluated like everything else.
    type: dict
    suboptions:
      account:
        description: The user's name.
        type: str
        required: true
      lines:
        description: The injected lines for each file.
        type: dict
        required: true
  packed:
    description:
      - Return RV(results) as one compressed text that stands for all of them, for the filters of this collection. Ansible
        then copies a text for each later task of the host, rather than every value.
    type: bool
    default: false
seealso:
  - module: hygeia.golden.enforce
"""

EXAMPLES = r"""
- name: Check that packet forwarding is disabled
  hygeia.golden.audit_info:
    controls:
      - id: network-no-forwarding
        settings:
          sysctl:
            net.ipv4.ip_forward: 0
  register: audit

- name: Fail if it is enabled
  ansible.builtin.assert:
    that: audit.results | selectattr('status', 'equalto', 'fail') | length == 0
"""

RETURN = r"""
without_root:
  description: Whether the module ran without root privileges, so that much could not be read.
  returned: if the module ran without root privileges
  type: bool
  sample: true
results:
  description: One result per control, in the order of O(controls), or with O(packed) one text for all.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: The identifier of the control.
      returned: always
      type: str
      sample: network-no-forwarding
    status:
      description:
        - V(pass), V(fail), V(error) if the check itself failed, V(not_applicable) if the control does not apply to this
          system, or V(not_checked) if it cannot be determined at this stage.
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
      description: The expected value of each setting that determined the status.
      returned: always
      type: dict
      sample: {"sysctl: net.ipv4.ip_forward": 0}
    observed:
      description: The effective value of the same settings.
      returned: always
      type: dict
      sample: {"sysctl: net.ipv4.ip_forward": "1"}
    read_from:
      description: Where the values were read.
      returned: always
      type: str
      sample: "/etc/sysctl.d/99-router.conf:3"
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
      sample: "/etc/sysctl.d/zz-router.conf:3 sets net.ipv4.ip_forward and is read after /etc/sysctl.d/zz-hygeia.conf"
"""

import os

from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import Conflict
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import CONTROLS_SPEC, Control
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.injected import Injected
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "controls": CONTROLS_SPEC,
            "stage": {"type": "str", "choices": list(STAGES)},
            # The action plugin on the controller reads it.
            "packed": {"type": "bool", "default": False},
            "injected": {
                "type": "dict",
                "options": {"account": {"type": "str", "required": True}, "lines": {"type": "dict", "required": True}},
            },
        },
        supports_check_mode=True,
    )
    injected = module.params["injected"]
    host = Host(check=True, injected=Injected(**injected) if injected else None)
    stage = module.params["stage"] or ("live" if host.booted else "offline")
    controls = [Control.load(control) for control in module.params["controls"]]
    try:
        module.exit_json(changed=False, results=audit(host, controls, stage), **({"without_root": True} if os.geteuid() else {}))
    except Conflict as problem:
        module.fail_json(msg=str(problem))


if __name__ == "__main__":
    main()
