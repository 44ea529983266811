#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: probe_info
short_description: Try from a running host whether the endpoints that a policy lists can be reached
description:
  - Opens one connection, or sends one datagram, to each endpoint that the segmentation policy lists for the zone of the
    host, and compares what became of it with what the policy expects. Filters anywhere on the way count, not only the
    host's own.
  - It is never a scan. An endpoint is a single address with a single port, a host has 32 of them at most, and an address
    in no zone, of many hosts, or in a zone that is marked with C(medical_devices) is refused, and then nothing is sent
    at all.
  - A connection of TCP is closed as soon as it is there. A datagram is a question that servers of names or time answer
    on their ports, and an empty line on others.
  - What was refused shows no denial, since perhaps nothing listens there, and a datagram without an answer shows nothing;
    both are V(not_checked).
  - Where the system does not run, nothing is sent either, and the results say so.
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
    description: The zone of the policy that the host is in.
    type: str
    required: true
  timeout:
    description: Seconds that an answer may take.
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
- name: Try the endpoints that hosts of the zone imaging are to be tried against
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
      description: C(segment-live-NAME) with the name that the endpoint has in the policy.
      type: str
      sample: segment-live-backup
    status:
      description: V(pass), V(fail), or V(not_checked) with the reason.
      type: str
      sample: fail
    stage:
      description: V(live), or V(offline) where the system does not run.
      type: str
      sample: live
    expected:
      description: The endpoint with V(allowed) or V(denied).
      type: dict
      sample: {"tcp 8007 to 10.40.0.5": "allowed"}
    observed:
      description: The endpoint with what became of the probe.
      type: dict
      sample: {"tcp 8007 to 10.40.0.5": "no answer"}
    read_from:
      description: The endpoint.
      type: str
      sample: tcp 8007 to 10.40.0.5
    message:
      description: What is wrong, and what to do.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.flows import probes
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host


def main():
    module = AnsibleModule(
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
        module.fail_json(msg=f"There is no zone {module.params['zone']}; known are {', '.join(policy.zones)}.")
    if refused:
        module.fail_json(msg=f"Nothing was sent: {'; '.join(refused)}.")
    if len(wanted) > probes.MOST:
        module.fail_json(msg=f"Nothing was sent: there are {len(wanted)} probes, and {probes.MOST} may be, since a list of endpoints is no scan.")
    if Host().booted:
        results = probes.records(wanted, probes.sent(wanted, module.params["timeout"]), "live")
    else:
        results = probes.unsent(wanted, "only a running host sends probes; audit one that was made from this template", "offline")
    module.exit_json(changed=False, results=results)


if __name__ == "__main__":
    main()
