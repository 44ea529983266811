#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: enforce_at_shutdown
short_description: Apply controls when a system shuts down
description:
  - Prepares a unit of systemd that applies all given controls, and removes accounts and files, when the system shuts down. Until
    then nothing changes, so the login that runs this module, and that of an image builder, remain.
  - At that time all sessions have ended, other services have stopped, the journal no longer writes to the disk, and the local
    filesystems are still mounted.
  - The unit, its code and its plan are in C(/run), so a system that is started again has none of them. Starting again is a
    shutdown too.
  - What fails then is printed to the journal and to the console. Nobody can report it to the controller, so audit the image afterwards.
version_added: 1.0.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.writes
  - hygeia.golden.controls
options:
  accounts:
    description:
      - Accounts to remove with their home directories, such as that of an image builder. An account that does not exist is no error.
    type: list
    elements: str
    default: []
  paths:
    description: Files to remove, such as the sudo rule of that account. A file that does not exist is no error.
    type: list
    elements: path
    default: []
seealso:
  - module: hygeia.golden.enforce
  - name: systemd.unit(5)
    description: Units stop in the reverse of the order in which they start.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html
"""

EXAMPLES = r"""
- name: Remove the histories and the account of the image builder when the machine shuts down
  hygeia.golden.enforce_at_shutdown:
    controls: "{{ query('hygeia.golden.controls', 'sealed') | hygeia.golden.settings }}"
    accounts: [packer]
    paths: [/etc/sudoers.d/packer]
"""

RETURN = r"""
unit:
  description: The unit that was prepared, and started in order to be stopped at the shutdown.
  returned: success
  type: str
  sample: hygeia-seal.service
"""

from ansible_collections.hygeia.golden.plugins.module_utils.engine.at_shutdown import NAME, Unable, prepare
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import CONTROLS_SPEC
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "controls": CONTROLS_SPEC,
            "accounts": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        changed = prepare(Host(check=module.check_mode), given["controls"], given["accounts"], given["paths"])
    except Unable as problem:
        module.fail_json(msg=f"Preparing the shutdown failed: {problem}.")
    planned = [*(control["id"] for control in given["controls"]), *given["accounts"], *given["paths"]]
    after = "".join(f"{name}\n" for name in planned) if changed else ""
    headers = {"before_header": "when the system shuts down", "after_header": "when the system shuts down"}
    module.exit_json(changed=changed, unit=f"{NAME}.service", diff={**headers, "before": "", "after": after})


if __name__ == "__main__":
    main()
