#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: smoke_test
short_description: Run a site's smoke tests
description:
  - Runs a site's own commands on a running system, one after another, and returns a result for each.
  - A command passes if it exits with 0 within its timeout. The remaining commands are run in any case.
  - The role P(hygeia.golden.verify#role) uses it in the throwaway copy of a template and on running hosts.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details: The commands are also run in check mode, because they must not change anything.
  diff_mode:
    support: none
    details: The effect of a command is unknown.
  idempotent:
    support: N/A
    details: The effect of a command is unknown.
options:
  commands:
    description: The commands to run.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the test, in lower-case letters, digits and hyphens. The result has the check
          C(smoke-NAME).
        type: str
        required: true
      command:
        description: The command, for C(/bin/sh).
        type: str
        required: true
      timeout:
        description: The timeout in seconds.
        type: int
        default: 60
  stage:
    description: The stage of the system.
    type: str
    choices: [boot, live]
    default: live
"""

EXAMPLES = r"""
- name: Check that the application responds
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
  description: A result for each command.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: The identifier of the check.
      returned: always
      type: str
      sample: smoke-worklist
    status:
      description: V(pass) or V(fail).
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: pass
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: boot
    expected:
      description: The expected exit code.
      returned: always
      type: raw
    observed:
      description: The exit code, or null if it did not finish.
      returned: always
      type: raw
    read_from:
      description: The command.
      returned: always
      type: str
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
"""

import re
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, PASS, record
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def tried(host: Host, name: str, command: str, timeout: int, stage: str) -> dict[str, Any]:
    """The record of one command."""
    ran = host.run(["/bin/sh", "-c", command], timeout=timeout)
    message = "" if ran.ok else f"{name} does not work: {ran.error}"
    return record(f"smoke-{name}", PASS if ran.ok else FAIL, stage, 0, ran.code, command, message)


def main() -> None:
    module = Module(
        argument_spec={
            "commands": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "command": {"type": "str", "required": True},
                    "timeout": {"type": "int", "default": 60},
                },
            },
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
