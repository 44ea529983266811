#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_canary_info
short_description: Evaluate the delivery of test messages to a log collector
description:
  - Returns a result for each message that M(hygeia.golden.log_canary) sent on this host, based on what
    M(hygeia.golden.log_collector_info) found.
  - For a message that did not arrive, it checks the forwarding agents on this host - whether they run, and their latest
    error message.
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
  during_outage:
    description:
      - The same, from the time when the collector was unavailable. If set, a single result states whether messages are
        queued during an outage, based on the last of O(canaries). Earlier ones were sent while the collector stopped
        and may be lost.
    type: dict
  collector:
    description: The collector's name in the results.
    type: str
    required: true
  timeout:
    description: The timeout in seconds for the arrival of the messages.
    type: float
    default: 60
  problem:
    description: Why the collector could not be queried, otherwise empty.
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
  description: One result for each message, or with O(during_outage) one for all.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: C(logging-PATH-proven), or C(logging-queue-proven) for messages that waited.
      returned: always
      type: str
      sample: logging-journal-proven
    status:
      description: V(pass), V(fail), V(error) when an outage was none, or V(not_checked) when nothing was sent.
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: fail
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: live
    expected:
      description: The time limit for its arrival, in seconds.
      returned: always
      type: dict
    observed:
      description: The seconds after which it had arrived.
      returned: always
      type: dict
    read_from:
      description: The collector.
      returned: always
      type: str
      sample: /var/log/remote on logs.example.org
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
      sample: "a message to the journal did not reach /var/log/remote on logs.example.org within 60 s: rsyslog.service is masked and does not run"
"""

from ansible_collections.hygeia.golden.plugins.module_utils.proofs import canary, delivery, senders
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "canaries": canary.SPEC,
            "arrivals": {"type": "dict", "default": {}},
            "during_outage": {"type": "dict"},
            "collector": {"type": "str", "required": True},
            "timeout": {"type": "float", "default": 60},
            "problem": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    given, host = module.params, Host(check=True)
    facts = (given["arrivals"], given["collector"], given["timeout"], given["problem"], lambda: senders.state(host))
    if given["during_outage"] is None:
        results = delivery.evaluated(given["canaries"], *facts)
    else:
        results = delivery.queued(given["canaries"], given["during_outage"], *facts)
    module.exit_json(changed=False, results=results)


if __name__ == "__main__":
    main()
