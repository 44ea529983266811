#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: probe_info
short_description: Probe from a running host the endpoints that a policy lists
description:
  - Opens one connection, or sends one datagram, to each endpoint that the segmentation policy lists for the zone of the
    host, and compares the response with what the policy expects. This covers filters anywhere on the path, not only the
    host's own.
  - It is never a scan. An endpoint is a single address and port, a host has at most 32 of them, and an address outside
    all zones, of several hosts, or in a zone marked with C(medical_devices) is refused, in which case nothing is sent
    at all.
  - A TCP connection is closed as soon as it is established. A datagram is a query on the ports of name and time
    servers, and an empty line on others.
  - A refused connection does not prove a denial, since perhaps nothing listens there, and a datagram without an answer
    proves nothing; both are V(not_checked).
  - On a system that is not running nothing is sent, and the results report that.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  policy:
    description: The segmentation policy, as P(hygeia.golden.segmentation#lookup) returns it.
    type: dict
    required: true
  zone:
    description: The zone of the host in the policy.
    type: str
    required: true
  timeout:
    description: The timeout in seconds for an answer.
    type: float
    default: 3
seealso:
  - plugin: hygeia.golden.segmentation
    plugin_type: lookup
  - plugin: hygeia.golden.records
    plugin_type: filter
  - module: hygeia.golden.flow_info
"""

EXAMPLES = r"""
- name: Probe the endpoints listed for the zone imaging
  hygeia.golden.probe_info:
    policy: "{{ lookup('hygeia.golden.segmentation', '/srv/policy/segmentation.yml') }}"
    zone: imaging
  register: probes
"""

RETURN = r"""
results:
  description: One result for each endpoint.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: C(segment-live-NAME) with the name of the endpoint in the policy.
      returned: always
      type: str
      sample: segment-live-backup
    status:
      description: V(pass), V(fail), or V(not_checked) with the reason.
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
      description: The endpoint with V(allowed) or V(denied).
      returned: always
      type: dict
      sample: {"tcp 8007 to 10.40.0.5": "allowed"}
    observed:
      description: The endpoint with the outcome of the probe.
      returned: always
      type: dict
      sample: {"tcp 8007 to 10.40.0.5": "no answer"}
    read_from:
      description: The endpoint.
      returned: always
      type: str
      sample: tcp 8007 to 10.40.0.5
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
"""

from ansible_collections.hygeia.golden.plugins.module_utils.flows import probes
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "policy": {"type": "dict", "required": True},
            "zone": {"type": "str", "required": True},
            "timeout": {"type": "float", "default": 3},
        },
        supports_check_mode=True,
    )
    try:
        policy = Policy(module.params["policy"])
        wanted = probes.of(module.params["policy"], module.params["zone"])
        refused = [refusal for probe in wanted for refusal in [probes.refusal(policy, probe["address"])] if refusal]
    except (KeyError, TypeError, ValueError) as problem:
        module.fail_json(msg=f"The policy cannot be used ({problem}); read it with the lookup hygeia.golden.segmentation.")
    if module.params["zone"] not in policy.zones:
        module.fail_json(msg=f"There is no zone {module.params['zone']}; choose one of {', '.join(policy.zones)}.")
    if refused:
        module.fail_json(msg=f"Nothing was sent: {'; '.join(refused)}.")
    if len(wanted) > probes.MOST:
        module.fail_json(
            msg=f"Nothing was sent: there are {len(wanted)} probes, and {probes.MOST} may be, since a list of endpoints is no scan."
        )
    if Host().booted:
        results = probes.records(wanted, probes.sent(wanted, module.params["timeout"]), "live")
    else:
        results = probes.unsent(wanted, "only a running host sends probes; audit one that was made from this template", "offline")
    module.exit_json(changed=False, results=results)


if __name__ == "__main__":
    main()
