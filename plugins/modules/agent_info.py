#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_info
short_description: Look which agents a system has and what they are configured to do
description:
  - Recognises agents for logging, backup, monitoring, endpoint protection and guest tools by their packages, programs,
    files and units, reads what they are configured to do, and compares it with what a site requires.
  - Looks at a running host, an opened template or a root filesystem, all in one call. Nothing is changed.
  - A configuration, or a line of one, that is not understood gives V(not_checked) with its place, and never V(pass).
  - Credentials are told by file and name. Their values are neither returned nor kept.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - root, to read the configuration
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  agents:
    description: The known agents, as P(hygeia.golden.agents#lookup) returns them.
    type: list
    elements: dict
    required: true
  required:
    description: What the site requires, each by its class or by a product.
    type: list
    elements: dict
    default: []
    suboptions:
      class:
        description: Any agent of this class is enough.
        type: str
        choices: [logging, backup, monitoring, endpoint_protection, guest_tools]
      product:
        description: The id of one agent.
        type: str
      destination:
        description:
          - The machines, addresses or repositories that it may send to. An asterisk stands for anything. It must send to
            one of them, and to no others but this system itself.
        type: list
        elements: str
        default: []
      encrypted:
        description: Each way to another machine must be encrypted.
        type: bool
        default: false
      recovery_point_hours:
        description:
          - The hours that may lie between two backups, by the schedule. On a running host the last one that succeeded may
            not be older either, where that is known.
        type: int
      retention_days:
        description: The days for which the oldest copy must be kept at least.
        type: int
      signatures_days:
        description: The days that signatures may be old.
        type: int
  stage:
    description:
      - Where the system stands, V(offline), V(boot) or V(live). By default V(live) where systemd runs, else V(offline).
      - Anywhere but on a live host credentials are a finding. There they are one when everybody may read them.
    type: str
    choices: [offline, boot, live]
seealso:
  - plugin: hygeia.golden.agents
    plugin_type: lookup
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Do records go to the log server, and does restic run each night?
  hygeia.golden.agent_info:
    agents: "{{ query('hygeia.golden.agents') }}"
    required:
      - class: logging
        destination: [logs.example.org]
        encrypted: true
      - product: restic
        recovery_point_hours: 24
        retention_days: 30
  become: true
  register: agents
"""

RETURN = r"""
results:
  description: One record a class and level.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: C(agents-CLASS-present), C(agents-CLASS-configured) or C(agents-CLASS-credentials).
      type: str
      sample: agents-logging-configured
    status:
      description: V(pass), V(fail) or V(not_checked).
      type: str
    stage:
      description: V(offline), V(boot) or V(live).
      type: str
    expected:
      description: What was required.
      type: dict
    observed:
      description: What was found.
      type: dict
    read_from:
      description: Where it was read.
      type: str
    message:
      description: What is wrong and what to do.
      type: str
found:
  description: Each agent that is installed.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the product.
      type: str
      sample: rsyslog
    class:
      description: Its class.
      type: str
      sample: logging
    evidence:
      description: By what it was recognised.
      type: str
      sample: rsyslog 8.2302.0-1
    unit:
      description: The unit that starts it, empty where it has none.
      type: str
      sample: rsyslog.service
    starts:
      description: V(pass) when the unit starts by itself and, on a running host, runs.
      type: str
    ways:
      description: Each other machine that it sends to, without user and password.
      type: list
      elements: dict
      sample: [{"destination": "logs.example.org", "encrypted": true, "read_from": "/etc/rsyslog.d/remote.conf:3"}]
    not_understood:
      description: Places of its configuration that were not understood.
      type: list
      elements: str
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.agents.judge import judged
from ansible_collections.hygeia.golden.plugins.module_utils.agents.look import CLASSES, look
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES

REQUIRED = {
    "class": {"type": "str", "choices": list(CLASSES)},
    "product": {"type": "str"},
    "destination": {"type": "list", "elements": "str", "default": []},
    "encrypted": {"type": "bool", "default": False},
    "recovery_point_hours": {"type": "int"},
    "retention_days": {"type": "int"},
    "signatures_days": {"type": "int"},
}


def told(found):
    """An agent for the one who asks, without its configuration."""
    ways = [{"destination": way.destination, "encrypted": way.encrypted, "read_from": way.place} for way in found.facts.ways()]
    return {
        "id": found.agent["id"],
        "class": found.agent["class"],
        "evidence": found.evidence,
        "unit": found.unit,
        "starts": found.starts,
        "ways": ways,
        "not_understood": found.configuration.problems,
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "agents": {"type": "list", "elements": "dict", "required": True},
            "required": {
                "type": "list", "elements": "dict", "default": [], "options": REQUIRED,
                "mutually_exclusive": [["class", "product"]], "required_one_of": [["class", "product"]],
            },
            "stage": {"type": "str", "choices": list(STAGES)},
        },
        supports_check_mode=True,
    )
    agents, required = module.params["agents"], module.params["required"]
    known = [agent["id"] for agent in agents]
    unknown = [need["product"] for need in required if need["product"] and need["product"] not in known]
    if unknown:
        module.fail_json(msg=f"There is no agent {unknown[0]}; known are {', '.join(known)}. A folder of the site's policy may add it.")
    host = Host(check=True)
    stage = module.params["stage"] or ("live" if host.booted else "offline")
    found = look(host, agents)
    module.exit_json(changed=False, results=judged(agents, found, required, stage, time.time()), found=[told(each) for each in found])


if __name__ == "__main__":
    main()
