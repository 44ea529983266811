#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_canary
short_description: Send log messages with a random token over the paths of a host's own logs
description:
  - Sends one message along each path, so that M(hygeia.golden.log_collector_info) can search for it at the collector
    and M(hygeia.golden.log_canary_info) can evaluate the delivery.
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
    details: Nothing is sent, and each message has the state V(not_tried).
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
        Choose one that the site's rules forward.
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
      description: The unique token, which the message contains without the hyphen.
      type: str
      sample: 0f8fad5bd9cb469f-a16570867728950e
    state:
      description: V(sent), V(unsent) if sending failed, or V(not_tried).
      type: str
      sample: sent
    reason:
      description: Why it was not sent.
      type: str
"""

import re

from ansible_collections.hygeia.golden.plugins.module_utils.proofs import canary
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    paths = list(canary.PATHS)
    module = Module(
        argument_spec={
            "paths": {"type": "list", "elements": "str", "choices": paths, "default": paths},
            "priority": {"type": "str", "default": "user.notice"},
        },
        supports_check_mode=True,
    )
    priority = module.params["priority"]
    if not re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+", priority):
        module.fail_json(msg=f"{priority} is not a valid priority; write a facility and a level, such as auth.notice.")
    host = Host(check=module.check_mode)
    sent = [canary.send(host, path, priority) for path in dict.fromkeys(module.params["paths"])]
    module.exit_json(changed=any(each["state"] == canary.SENT for each in sent), canaries=sent)


if __name__ == "__main__":
    main()
