#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: flow_info
short_description: Try with real packets which flows a system's packet filter lets through
description:
  - Loads the packet filter of a system, whoever wrote it, into a fresh network namespace, puts a second one with an
    address of each zone on the other end of a cable, and sends real packets, TCP and UDP, in both directions, over IPv4
    and IPv6.
  - It tries every port that the policy or the ruleset names, and some that neither does, against each network of each
    zone and an address in none, and compares what came through with what the policy allows.
  - In a template or a root filesystem the ruleset is the one that boots load; on a running host the one that runs.
  - Nothing leaves the machine, nothing of the system is changed, nothing needs to be booted, and the namespaces have no
    name, so they are gone when the module has ended or was killed.
  - A ruleset that accepts only so many connections a minute may seem to drop what it allows.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - nft and ip of the system, which are in the packages C(nftables) and C(iproute2), or C(iproute) of RHEL
  - root
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  policy:
    description: The segmentation policy, as P(hygeia.golden.segmentation#lookup) returns it.
    type: dict
    required: true
  zone:
    description: The zone of the policy that the system is in.
    type: str
    required: true
  addresses:
    description: The addresses that it has, one of each version of IP. By default some of its zone.
    type: list
    elements: str
    default: []
  interface:
    description: The interface by which others reach it. By default the first that the ruleset names, or C(eth0).
    type: str
  ruleset:
    description: A file with the ruleset, instead of the one that boots load or that runs.
    type: path
  sample:
    description: Ports to try besides those of the policy and of the ruleset, instead of some that attackers try first.
    type: dict
    default: {}
    suboptions:
      tcp:
        description: Ports of TCP.
        type: list
        elements: int
      udp:
        description: Ports of UDP.
        type: list
        elements: int
  stage:
    description: What the results say of the system's stage. By default V(live) where it runs, else V(offline).
    type: str
    choices: [offline, boot, live]
seealso:
  - plugin: hygeia.golden.segmentation
    plugin_type: lookup
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Try the packet filter of a host of the zone imaging
  hygeia.golden.flow_info:
    policy: "{{ lookup('hygeia.golden.segmentation', '/srv/policy/segmentation.yml') }}"
    zone: imaging
  become: true
  register: flows
"""

RETURN = r"""
results:
  description: One result for each zone and direction, and one for each thing that packets cannot show.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(segment-in-ZONE) and C(segment-out-ZONE) for flows, where the zone C(elsewhere) is what lies in none;
          C(segment-loaded), C(segment-default-drop), C(segment-no-accept-any), C(segment-drops-logged) and
          C(segment-drops-counted) for the ruleset; C(segment-judged) when nothing could be tried.
      type: str
      sample: segment-in-guest
    status:
      description: V(pass), V(fail), or V(not_checked) when nothing could be tried.
      type: str
      sample: fail
    stage:
      description: V(offline), V(boot) or V(live).
      type: str
      sample: offline
    expected:
      description: How many flows were tried and are allowed, and each flow that went wrong with what the policy says.
      type: dict
    observed:
      description: The same, with V(allowed), V(rejected) or V(dropped) for each flow that went wrong.
      type: dict
    read_from:
      description: The ruleset.
      type: str
      sample: /etc/nftables.conf
    message:
      description: Which flows went wrong.
      type: str
      sample: tcp 3389 over IPv6 from fd00:50::1 to fd00:30::1 is allowed, and the policy does not allow it
flows:
  description: How many flows were tried.
  returned: success
  type: int
  sample: 504
seconds:
  description: How long their packets took.
  returned: success
  type: float
  sample: 0.9
"""

import ipaddress

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.flows.judge import judged
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES


def main():
    module = AnsibleModule(
        argument_spec={
            "policy": {"type": "dict", "required": True},
            "zone": {"type": "str", "required": True},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "interface": {"type": "str"},
            "ruleset": {"type": "path"},
            "sample": {
                "type": "dict",
                "default": {},
                "options": {"tcp": {"type": "list", "elements": "int"}, "udp": {"type": "list", "elements": "int"}},
            },
            "stage": {"type": "str", "choices": list(STAGES)},
        },
        supports_check_mode=True,
    )
    try:
        policy = Policy(module.params["policy"])
        addresses = [str(ipaddress.ip_address(address)) for address in module.params["addresses"]]
    except (KeyError, TypeError, ValueError) as problem:
        module.fail_json(msg=f"The policy or an address cannot be used ({problem}); read the policy with the lookup hygeia.golden.segmentation.")
    if module.params["zone"] not in policy.zones:
        module.fail_json(msg=f"There is no zone {module.params['zone']}; known are {', '.join(policy.zones)}.")
    wanted = {name: module.params[name] for name in ("zone", "interface", "sample", "stage")}
    module.exit_json(changed=False, **judged(Host(), policy, addresses=addresses, path=module.params["ruleset"], **wanted))


if __name__ == "__main__":
    main()
