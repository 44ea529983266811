#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_info
short_description: Detect the agents of a system and read their configuration
description:
  - Recognises agents for logging, backup, monitoring, endpoint protection and guest tools by their packages, programs,
    files and units, reads what they are configured to do, and compares it with what a site requires.
  - Inspects a running host, an opened template or a root filesystem in one call. Nothing is changed.
  - A configuration file or line that cannot be parsed is reported as V(not_checked) with its location, and never as
    V(pass).
  - Credentials are reported by file and name. Their values are neither returned nor stored.
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
        description: Any agent of this class satisfies the requirement.
        type: str
        choices: [logging, backup, monitoring, endpoint_protection, guest_tools]
      product:
        description: The id of one agent.
        type: str
      destination:
        description:
          - The machines, addresses or repositories that it may send to, with C(*) as a wildcard. It must send to at
            least one of them and to no others except this system itself.
        type: list
        elements: str
        default: []
      encrypted:
        description: Each connection to another machine must be encrypted.
        type: bool
        default: false
      recovery_point_hours:
        description:
          - The maximum number of hours between two scheduled backups. On a running host, the last successful backup
            must not be older either, where that is known.
        type: int
      retention_days:
        description: The minimum number of days for which backups are kept.
        type: int
      signatures_days:
        description: The maximum age of the signatures in days.
        type: int
  stage:
    description:
      - The stage of the system. The default is V(live) where systemd runs, otherwise V(offline).
      - In an image, any stored credential is a finding. On a live host, only a world-readable one is.
    type: str
    choices: [offline, boot, live]
seealso:
  - plugin: hygeia.golden.agents
    plugin_type: lookup
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check that logs are forwarded and that restic runs daily
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
  description: One result per class and level.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: C(agents-CLASS-present), C(agents-CLASS-configured) or C(agents-CLASS-credentials).
      returned: always
      type: str
      sample: agents-logging-configured
    status:
      description: V(pass), V(fail) or V(not_checked).
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
    expected:
      description: The required values.
      returned: always
      type: dict
    observed:
      description: The observed values.
      returned: always
      type: dict
    read_from:
      description: Where it was read.
      returned: always
      type: str
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
agents:
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
      description: What identified it.
      type: str
      sample: rsyslog 8.2302.0-1
    unit:
      description: The systemd unit that starts it, empty if it has none.
      type: str
      sample: rsyslog.service
    unit_status:
      description: V(pass) if the unit is enabled and, on a running host, active.
      type: str
    destinations:
      description: The other machines that it sends to, without user name and password.
      type: list
      elements: dict
      sample: [{"destination": "logs.example.org", "encrypted": true, "read_from": "/etc/rsyslog.d/remote.conf:3"}]
    not_understood:
      description: Locations in its configuration that could not be parsed.
      type: list
      elements: str
"""

import time
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.agents.detect import CLASSES, detect
from ansible_collections.hygeia.golden.plugins.module_utils.agents.evaluate import evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.agents.detect import DetectedAgent

REQUIRED = {
    "class": {"type": "str", "choices": list(CLASSES)},
    "product": {"type": "str"},
    "destination": {"type": "list", "elements": "str", "default": []},
    "encrypted": {"type": "bool", "default": False},
    "recovery_point_hours": {"type": "int"},
    "retention_days": {"type": "int"},
    "signatures_days": {"type": "int"},
}


def returned(found: DetectedAgent) -> dict[str, Any]:
    """An agent for the one who asks, without its configuration."""
    destinations = [{"destination": way.destination, "encrypted": way.encrypted, "read_from": way.place} for way in found.facts.ways()]
    return {
        "id": found.agent["id"],
        "class": found.agent["class"],
        "evidence": found.evidence,
        "unit": found.unit,
        "unit_status": found.starts,
        "destinations": destinations,
        "not_understood": found.configuration.problems,
    }


def main() -> None:
    module = Module(
        argument_spec={
            "agents": {"type": "list", "elements": "dict", "required": True},
            "required": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": REQUIRED,
                "mutually_exclusive": [["class", "product"]],
                "required_one_of": [["class", "product"]],
            },
            "stage": {"type": "str", "choices": list(STAGES)},
        },
        supports_check_mode=True,
    )
    agents, required = module.params["agents"], module.params["required"]
    known = [agent["id"] for agent in agents]
    unknown = [need["product"] for need in required if need["product"] and need["product"] not in known]
    if unknown:
        module.fail_json(
            msg=f"There is no agent {unknown[0]}; choose one of {', '.join(known)}. A directory of the site's policy may add it."
        )
    host = Host(check=True)
    stage = module.params["stage"] or ("live" if host.booted else "offline")
    found = detect(host, agents)
    module.exit_json(
        changed=False, results=evaluated(agents, found, required, stage, time.time()), agents=[returned(each) for each in found]
    )


if __name__ == "__main__":
    main()
