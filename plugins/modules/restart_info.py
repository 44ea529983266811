#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: restart_info
short_description: Detect services and processes that run replaced code
description:
  - After an update, services keep running the code that they were started with. This module reports these services,
    whether the running kernel is the newest installed one, and which units have failed.
  - C(needrestart) is used if it is installed; otherwise the module searches for processes that map deleted files.
  - On a system that is not running, such as an opened template, there is nothing to restart, and the lists are empty.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  failed_before:
    description: The units that had failed before the update and are therefore ignored.
    type: list
    elements: str
    default: []
seealso:
  - module: hygeia.golden.package_upgrade
"""

EXAMPLES = r"""
- name: Detect services that run replaced code
  hygeia.golden.restart_info:
  register: restarts

- name: Restart those services
  ansible.builtin.systemd_service:
    name: "{{ item }}"
    state: restarted
  loop: "{{ restarts.services }}"
"""

RETURN = r"""
running:
  description: Whether the system is running.
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
  description: Whether systemd itself runs replaced code.
  returned: success
  type: bool
  sample: false
processes:
  description: The processes outside services that run replaced code, such as those of a user session.
  returned: success
  type: list
  elements: str
  sample: [bash (process 812 of ada)]
reboot:
  description: A sentence for each reason why a reboot is needed.
  returned: success
  type: list
  elements: str
  sample: [kernel 6.1.0-40-amd64 runs and 6.1.0-41-amd64 is installed]
source:
  description: What the services and processes were determined with, V(needrestart) or V(processes).
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
    - Results of the checks C(patch-services-current), C(patch-kernel-current) and C(patch-units-kept).
    - On a system that is not running they are V(not_checked).
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: The identifier of the check.
      returned: always
      type: str
      sample: patch-services-current
    status:
      description: V(pass), V(fail) or V(not_checked).
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: pass
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: live
    expected:
      description: The expected values.
      returned: always
      type: raw
    observed:
      description: The observed values.
      returned: always
      type: raw
    read_from:
      description: Where it was read.
      returned: always
      type: str
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
"""

from ansible_collections.hygeia.golden.plugins.module_utils.packages.managers import manager_of
from ansible_collections.hygeia.golden.plugins.module_utils.packages.restarts import failed_units, records
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(argument_spec={"failed_before": {"type": "list", "elements": "str", "default": []}}, supports_check_mode=True)
    host = Host(check=True)
    found, failed = manager_of(host).restarts(), failed_units(host)
    results = records(host, found, [unit for unit in failed if unit not in module.params["failed_before"]])
    module.exit_json(changed=False, running=host.booted, failed_units=failed, results=results, **found.result())


if __name__ == "__main__":
    main()
