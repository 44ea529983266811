#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_info
short_description: Observe whether controls hold on a system
description:
  - Looks at the effective value of every setting of every given control, all in one call, and says what it found.
  - A value counts as effective when the software says so, such as C(sshd -T), the merged order of C(sysctl.d) or
    C(systemctl is-enabled). What M(hygeia.golden.enforce) wrote is never taken as an answer.
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
      - Where the system stands - V(offline) in an opened template or a root filesystem, V(boot) in a throwaway boot
        of a template, V(live) on a running system.
      - Without it, V(live) on a system where systemd runs, else V(offline).
    type: str
    choices: [offline, boot, live]
seealso:
  - module: hygeia.golden.enforce
"""

EXAMPLES = r"""
- name: Is packet forwarding off?
  hygeia.golden.audit_info:
    controls:
      - id: network-no-forwarding
        settings:
          sysctl:
            net.ipv4.ip_forward: 0
  register: audit

- name: Stop when it is not
  ansible.builtin.assert:
    that: audit.results | selectattr('status', 'equalto', 'fail') | length == 0
"""

RETURN = r"""
results:
  description: One record a control, in the order in which they were given.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: The identifier of the control.
      type: str
      sample: network-no-forwarding
    status:
      description:
        - V(pass), V(fail), V(error) when looking failed, V(not_applicable) when the control means nothing here, or
          V(not_checked) when the truth cannot be seen from here.
      type: str
      sample: fail
    stage:
      description: The stage at which it was observed.
      type: str
      sample: offline
    expected:
      description: The wanted value of each setting that decided the status.
      type: dict
      sample: {"sysctl: net.ipv4.ip_forward": 0}
    observed:
      description: The effective value of the same settings.
      type: dict
      sample: {"sysctl: net.ipv4.ip_forward": "1"}
    read_from:
      description: Where the values were read.
      type: str
      sample: "/etc/sysctl.d/99-router.conf:3"
    message:
      description: What is wrong, with the culprit named.
      type: str
      sample: "/etc/sysctl.d/zz-router.conf:3 sets net.ipv4.ip_forward and is read after /etc/sysctl.d/zz-hygeia.conf"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.group import Conflict
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import CONTROLS_SPEC, Control
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES


def main():
    module = AnsibleModule(
        argument_spec={"controls": CONTROLS_SPEC, "stage": {"type": "str", "choices": list(STAGES)}},
        supports_check_mode=True,
    )
    host = Host(check=True)
    stage = module.params["stage"] or ("live" if host.booted else "offline")
    controls = [Control.load(control) for control in module.params["controls"]]
    try:
        module.exit_json(changed=False, results=audit(host, controls, stage))
    except Conflict as problem:
        module.fail_json(msg=str(problem))


if __name__ == "__main__":
    main()
