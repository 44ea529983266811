#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
short_description: Query the endpoint of a monitoring agent and check where it listens
description:
  - Queries the endpoint for metrics in the Prometheus format, from the host on which the module runs.
  - With O(silent), checks instead that the endpoint cannot be reached from there, for example from a ward.
  - With O(networks), checks on the host of the endpoint which addresses its port listens on.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.web
options:
  url:
    description:
      - The address of the endpoint, such as C(https://10.10.5.7:9100/metrics). For an agent that does not speak HTTP,
        such as that of Zabbix, C(tcp://10.10.5.7:10050) only checks that it accepts a connection.
    type: str
    required: true
  metrics:
    description: The names of metrics that the answer must contain.
    type: list
    elements: str
    default: []
  silent:
    description: Whether the endpoint must be unreachable.
    type: bool
    default: false
  networks:
    description: The networks on whose addresses the port may listen. The endpoint is not queried then.
    type: list
    elements: str
    default: []
  timeout:
    description: The timeout in seconds for the answer.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: Query the endpoint
  hygeia.golden.endpoint_info:
    url: https://10.10.5.7:9100/metrics
    metrics: [node_filesystem_avail_bytes]
    ca_path: /etc/ssl/certs/hospital-ca.pem
  register: asked

- name: See that it listens on the management network only
  hygeia.golden.endpoint_info:
    url: https://10.10.5.7:9100/metrics
    networks: [10.10.5.0/24]
  register: listens

- name: See that a ward cannot reach it
  hygeia.golden.endpoint_info:
    url: https://10.10.5.7:9100/metrics
    silent: true
  delegate_to: probe-of-a-ward
  register: reached
"""

RETURN = r"""
results:
  description: The one result.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(monitoring-endpoint-proven), with O(silent) C(monitoring-elsewhere-proven), with O(networks)
          C(monitoring-network-proven).
      returned: always
      type: str
      sample: monitoring-endpoint-proven
    status:
      description: V(pass) or V(fail).
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: pass
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: live
    expected:
      description: The expected state.
      returned: always
      type: dict
    observed:
      description: The observed state.
      returned: always
      type: dict
    read_from:
      description: The address, without query and password.
      returned: always
      type: str
      sample: https://10.10.5.7:9100/metrics
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
"""

import ipaddress
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import endpoint, web
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import listening
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "url": {"type": "str", "required": True},
            "metrics": {"type": "list", "elements": "str", "default": []},
            "silent": {"type": "bool", "default": False},
            "networks": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "float", "default": 10},
            **web.SPEC,
        },
        supports_check_mode=True,
    )
    try:
        found = _looked(module.params)
    except (endpoint.BadEndpoint, ValueError) as problem:
        module.fail_json(msg=f"The endpoint cannot be asked: {problem}.")
    module.exit_json(changed=False, results=[found])


def _looked(given: dict[str, Any]) -> Record:
    url, timeout = given["url"], given["timeout"]
    port = endpoint.place(url)[1]
    if given["networks"]:
        return endpoint.listening(listening(Host()), port, [ipaddress.ip_network(network) for network in given["networks"]])
    if given["silent"]:
        return endpoint.silent(url, timeout)
    return endpoint.answering(url, given["metrics"], timeout, web.how(given))


if __name__ == "__main__":
    main()
