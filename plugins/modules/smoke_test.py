#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: smoke_test
short_description: Try whether what a system is for still works
description:
  - Runs a site's own commands on a running system, one after the other, and returns a result record for each.
  - A command passes when it ends with 0 in its time. The others are run in any case.
  - The role P(hygeia.golden.verify#role) uses it in the throwaway copy of a template and on running hosts.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details: The commands are run in check mode too, for they shall change nothing.
  diff_mode:
    support: none
    details: What a command does is not known.
  idempotent:
    support: N/A
    details: What a command does is not known.
options:
  commands:
    description: The commands to run.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What is tried, in small letters, digits and hyphens. The result is the check C(smoke-NAME).
        type: str
        required: true
      command:
        description: The command, for C(/bin/sh).
        type: str
        required: true
      timeout:
        description: The seconds after which it has failed.
        type: int
        default: 60
  stage:
    description: Where the system stands.
    type: str
    choices: [boot, live]
    default: live
"""

EXAMPLES = r"""
- name: Does the application answer?
  hygeia.golden.smoke_test:
    commands:
      - name: worklist
        command: curl --fail --silent --show-error http://127.0.0.1:8042/worklist
      - name: dicom-echo
        command: echoscu 127.0.0.1 104
        timeout: 20
  register: smoke
"""

RETURN = r"""
results:
  description: A result record for each command.
  returned: success
  type: list
  elements: dict
  sample:
    - control: smoke-worklist
      status: pass
      stage: boot
      expected: 0
      observed: 0
      read_from: curl --fail --silent --show-error http://127.0.0.1:8042/worklist
      message: ""
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, PASS, record


def tried(host, name, command, timeout, stage):
    """The record of one command."""
    ran = host.run(["/bin/sh", "-c", command], timeout=timeout)
    message = "" if ran.ok else f"{name} does not work: {ran.complaint}"
    return record(f"smoke-{name}", PASS if ran.ok else FAIL, stage, 0, ran.code, command, message)


def main():
    module = AnsibleModule(
        argument_spec={
            "commands": {"type": "list", "elements": "dict", "required": True, "options": {
                "name": {"type": "str", "required": True},
                "command": {"type": "str", "required": True},
                "timeout": {"type": "int", "default": 60},
            }},
            "stage": {"type": "str", "choices": ["boot", "live"], "default": "live"},
        },
        supports_check_mode=True,
    )
    commands = module.params["commands"]
    names = [command["name"] for command in commands]
    wrong = [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or names.count(name) > 1]
    if wrong:
        module.fail_json(msg=f"Smoke tests need names of their own, in small letters, digits and hyphens: {wrong[0]} is none.")
    host = Host()
    module.exit_json(changed=False, results=[tried(host, stage=module.params["stage"], **command) for command in commands])


if __name__ == "__main__":
    main()
