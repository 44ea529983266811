#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: restart_info
short_description: Say what a running host still executes although it was replaced
description:
  - After packages were updated, services go on with the code that they started with. This tells which, whether the
    kernel that runs is the newest that is installed, and which units have failed.
  - C(needrestart) is asked where it is installed; else the files are looked at that processes have mapped and that are
    no longer there.
  - On a system that does not run, such as an opened template, there is nothing to start again, and nothing is returned.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  failed_before:
    description: The units that had failed before, which are not held against the update.
    type: list
    elements: str
    default: []
seealso:
  - module: hygeia.golden.package_upgrade
"""

EXAMPLES = r"""
- name: What runs replaced code?
  hygeia.golden.restart_info:
  register: restarts

- name: Start those services again
  ansible.builtin.systemd_service:
    name: "{{ item }}"
    state: restarted
  loop: "{{ restarts.services }}"
"""

RETURN = r"""
running:
  description: Whether the system runs at all.
  returned: success
  type: bool
  sample: true
services:
  description: The services that run replaced code.
  returned: success
  type: list
  elements: str
  sample: [ssh.service]
manager:
  description: Whether systemd itself does.
  returned: success
  type: bool
  sample: false
processes:
  description: The processes outside of services that do, such as somebody's session.
  returned: success
  type: list
  elements: str
  sample: [bash (process 812 of ada)]
reboot:
  description: A sentence for each reason why only a reboot helps.
  returned: success
  type: list
  elements: str
  sample: [kernel 6.1.0-40-amd64 runs and 6.1.0-41-amd64 is installed]
asked:
  description: Who knew it, V(needrestart) or V(processes).
  returned: success
  type: str
  sample: processes
failed_units:
  description: The units that have failed.
  returned: success
  type: list
  elements: str
  sample: []
results:
  description:
    - Result records of the checks C(patch-services-current), C(patch-kernel-current) and C(patch-units-kept).
    - Of a system that does not run they are not checked.
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.packages.managers import manager_of
from ansible_collections.hygeia.golden.plugins.module_utils.packages.restarts import failed_units, records


def main():
    module = AnsibleModule(
        argument_spec={"failed_before": {"type": "list", "elements": "str", "default": []}}, supports_check_mode=True,
    )
    host = Host(check=True)
    found, failed = manager_of(host).restarts(), failed_units(host)
    results = records(host, found, [unit for unit in failed if unit not in module.params["failed_before"]])
    module.exit_json(changed=False, running=host.booted, failed_units=failed, results=results, **found.result())


if __name__ == "__main__":
    main()
