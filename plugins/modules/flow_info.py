#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: flow_info
short_description: Test with real packets which flows a packet filter allows
description:
  - Loads the packet filter of a system, whoever wrote it, into a new network namespace, connects a second namespace
    with an address of each zone, and sends real TCP and UDP packets in both directions over IPv4 and IPv6.
  - Tests every port named by the policy or the ruleset, and some others, against each network of each zone and an
    address outside all zones, and compares the packets that arrived with what the policy allows.
  - In a template or a root filesystem, the ruleset is the one loaded at boot; on a running host, the one that is
    loaded.
  - Nothing leaves the machine, nothing of the system is changed, nothing needs to be booted, and the namespaces are
    unnamed, so they disappear when the module ends or is killed.
  - A ruleset with rate limits may appear to drop packets that it allows.
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
    description: The zone of the system in the policy.
    type: str
    required: true
  addresses:
    description: The addresses of the system, one per IP version. The default is taken from its zone.
    type: list
    elements: str
    default: []
  interface:
    description: The interface through which others reach it. The default is the first one named by the ruleset, or
      C(eth0).
    type: str
  ruleset:
    description: A file with the ruleset, instead of the ruleset that is loaded.
    type: path
  sample:
    description: Additional ports to test besides those of the policy and of the ruleset. The default is a list of ports
      that attackers commonly try.
    type: dict
    default: {}
    suboptions:
      tcp:
        description: TCP ports.
        type: list
        elements: int
      udp:
        description: UDP ports.
        type: list
        elements: int
  stage:
    description: The stage recorded in the results. The default is V(live) if the system is running, otherwise
      V(offline).
    type: str
    choices: [offline, boot, live]
seealso:
  - plugin: hygeia.golden.segmentation
    plugin_type: lookup
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Test the packet filter of a host in the zone imaging
  hygeia.golden.flow_info:
    policy: "{{ lookup('hygeia.golden.segmentation', '/srv/policy/segmentation.yml') }}"
    zone: imaging
  become: true
  register: flows
"""

RETURN = r"""
results:
  description: One result for each zone and direction, and one for each property that packets cannot show.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(segment-in-ZONE) and C(segment-out-ZONE) for flows, where the zone C(elsewhere) is what lies in none;
          C(segment-loaded), C(segment-default-drop), C(segment-no-accept-any), C(segment-drops-logged) and
          C(segment-drops-counted) for the ruleset; C(segment-testable) when nothing could be tested.
      returned: always
      type: str
      sample: segment-in-guest
    status:
      description: V(pass), V(fail), or V(not_checked) if nothing could be tested.
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: fail
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: offline
    expected:
      description: How many flows were tested and are allowed, and what the policy says of each flow that differs.
      returned: always
      type: dict
    observed:
      description: The same, with V(allowed), V(rejected) or V(dropped) for each flow that differs.
      returned: always
      type: dict
    read_from:
      description: The ruleset.
      returned: always
      type: str
      sample: /etc/nftables.conf
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
      sample: tcp 3389 over IPv6 from fd00:50::1 to fd00:30::1 is allowed, and the policy does not allow it
flows:
  description: The number of flows that were tested.
  returned: success
  type: int
  sample: 504
seconds:
  description: The duration of the test in seconds.
  returned: success
  type: float
  sample: 0.9
"""

import ipaddress

from ansible_collections.hygeia.golden.plugins.module_utils.flows.evaluate import evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
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
        module.fail_json(
            msg=f"The policy or an address cannot be used ({problem}); read the policy with the lookup hygeia.golden.segmentation."
        )
    if module.params["zone"] not in policy.zones:
        module.fail_json(msg=f"There is no zone {module.params['zone']}; choose one of {', '.join(policy.zones)}.")
    wanted = {name: module.params[name] for name in ("zone", "interface", "sample", "stage")}
    module.exit_json(changed=False, **evaluated(Host(), policy, addresses=addresses, path=module.params["ruleset"], **wanted))


if __name__ == "__main__":
    main()
