#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_canary
short_description: Send messages with a random token the ways that a host's own messages go
description:
  - Sends one message along each path, so that M(hygeia.golden.log_collector_info) can look for it at the collector and
    M(hygeia.golden.log_canary_info) can say what became of it.
  - In a container no message goes to the audit log, which belongs to the machine that runs the container.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - logger, systemd-cat or auditctl of the host, each for its own path
  - root, for the audit log
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details: It sends nothing, and each message says so.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Each run sends new messages.
options:
  paths:
    description:
      - V(logger) sends to the system log, V(journal) to the journal of systemd, and V(audit) to the audit log.
    type: list
    elements: str
    choices: [logger, journal, audit]
    default: [logger, journal, audit]
  priority:
    description:
      - The facility and level of the message in the system log, and the level in the journal, as logger(1) writes them.
        Choose one that the site's rules send on.
    type: str
    default: user.notice
seealso:
  - module: hygeia.golden.log_collector_info
  - module: hygeia.golden.log_canary_info
"""

EXAMPLES = r"""
- name: Send a message to the system log and one to the journal
  hygeia.golden.log_canary:
    paths: [logger, journal]
  register: sent
"""

RETURN = r"""
canaries:
  description: What was sent.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path.
      type: str
      sample: logger
    token:
      description: What stands in the message, there without the hyphen, and nowhere else.
      type: str
      sample: 0f8fad5bd9cb469f-a16570867728950e
    state:
      description: V(sent), V(unsent) when that went wrong, or V(not_tried).
      type: str
      sample: sent
    reason:
      description: Why it was not sent.
      type: str
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import canary


def main():
    paths = list(canary.PATHS)
    module = AnsibleModule(
        argument_spec={
            "paths": {"type": "list", "elements": "str", "choices": paths, "default": paths},
            "priority": {"type": "str", "default": "user.notice"},
        },
        supports_check_mode=True,
    )
    priority = module.params["priority"]
    if not re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+", priority):
        module.fail_json(msg=f"{priority} is no priority; write a facility and a level, such as auth.notice.")
    host = Host(check=module.check_mode)
    sent = [canary.send(host, path, priority) for path in dict.fromkeys(module.params["paths"])]
    module.exit_json(changed=any(each["state"] == canary.SENT for each in sent), canaries=sent)


if __name__ == "__main__":
    main()
