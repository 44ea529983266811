#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_canary_info
short_description: Say what became of messages that a host sent to its collector
description:
  - Makes a result of each message that M(hygeia.golden.log_canary) sent on this host, from what
    M(hygeia.golden.log_collector_info) saw of it.
  - For a message that did not arrive it looks on this host at the agents that send messages on - whether they run, and
    what they complained of last.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.canaries
options:
  arrivals:
    description: What M(hygeia.golden.log_collector_info) returned as RV(hygeia.golden.log_collector_info#module:arrivals).
    type: dict
    default: {}
  during:
    description:
      - The same from when the collector was away. With it, the one result says whether messages wait for the collector,
        by the last of O(canaries). Those before it were sent as the collector went away, and may be lost on the way.
    type: dict
  collector:
    description: The collector's name in the results.
    type: str
    required: true
  timeout:
    description: The seconds within which the messages had to be there.
    type: float
    default: 60
  problem:
    description: Why the collector could not be asked, else empty.
    type: str
    default: ""
seealso:
  - module: hygeia.golden.log_canary
  - module: hygeia.golden.log_collector_info
"""

EXAMPLES = r"""
- name: Say what became of the messages
  hygeia.golden.log_canary_info:
    canaries: "{{ sent.canaries }}"
    arrivals: "{{ asked.arrivals }}"
    problem: "{{ asked.problem }}"
    collector: "{{ asked.collector }}"
  become: true
  register: judged
"""

RETURN = r"""
results:
  description: One result for each message, or with O(during) one for all.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: C(logging-PATH-proven), or C(logging-queue-proven) for messages that waited.
      type: str
      sample: logging-journal-proven
    status:
      description: V(pass), V(fail), V(error) when an outage was none, or V(not_checked) when nothing was sent.
      type: str
      sample: fail
    stage:
      description: V(live).
      type: str
      sample: live
    expected:
      description: Within how many seconds it arrives.
      type: dict
    observed:
      description: After how many seconds it was seen at the latest.
      type: dict
    read_from:
      description: The collector.
      type: str
      sample: /var/log/remote on logs.example.org
    message:
      description: What is wrong and what to do.
      type: str
      sample: "a message to the journal did not reach /var/log/remote on logs.example.org within 60 s: rsyslog.service is masked and does not run"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import canary, delivery, senders


def main():
    module = AnsibleModule(
        argument_spec={
            "canaries": canary.SPEC,
            "arrivals": {"type": "dict", "default": {}},
            "during": {"type": "dict"},
            "collector": {"type": "str", "required": True},
            "timeout": {"type": "float", "default": 60},
            "problem": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    given, host = module.params, Host(check=True)
    facts = (given["arrivals"], given["collector"], given["timeout"], given["problem"], lambda: senders.state(host))
    if given["during"] is None:
        results = delivery.judged(given["canaries"], *facts)
    else:
        results = delivery.queued(given["canaries"], given["during"], *facts)
    module.exit_json(changed=False, results=results)


if __name__ == "__main__":
    main()
