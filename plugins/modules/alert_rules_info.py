#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: alert_rules_info
short_description: Check that Prometheus has the alert rules that a site requires
description:
  - Searches the alert rules of Prometheus for each required alert and its threshold, either in the rules that it has
    loaded (O(url)) or in its rules files (O(groups)).
  - An alert that Prometheus cannot evaluate counts as missing.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.web
options:
  alerts:
    description: The required alerts.
    type: list
    elements: dict
    required: true
    suboptions:
      alert:
        description: The name.
        type: str
        required: true
      comparison:
        description: How its expression compares with the threshold.
        type: str
        choices: ["<", "<=", "==", "!=", ">=", ">"]
      threshold:
        description: The threshold that it compares with. If omitted, any threshold is accepted.
        type: float
      for:
        description: The longest time that it may be pending before it fires, such as C(15m).
        type: str
  url:
    description: The address of Prometheus, such as C(https://prometheus.example.org).
    type: str
  groups:
    description: The rule groups, as listed under C(groups) in its rules files.
    type: list
    elements: dict
  source:
    description: The name of the source of O(groups) in the results, such as the path of a file.
    type: str
    default: the rules files
  timeout:
    description: The timeout in seconds for the answer of Prometheus.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: Query Prometheus
  hygeia.golden.alert_rules_info:
    url: https://prometheus.example.org
    ca_path: /etc/ssl/certs/hospital-ca.pem
    alerts:
      - {alert: DiskFillsUp, comparison: "<", threshold: 10, for: 15m}
      - {alert: HostDown}
  delegate_to: localhost
  register: asked
"""

RETURN = r"""
results:
  description: One result for all alerts.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: C(monitoring-alerts-configured).
      returned: always
      type: str
      sample: monitoring-alerts-configured
    status:
      description: V(pass) or V(fail).
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
      description: Each alert with its threshold.
      returned: always
      type: dict
      sample: {DiskFillsUp: "< 10 for 15m at most"}
    observed:
      description: The expressions of each alert.
      returned: always
      type: dict
    read_from:
      description: Where the alerts are defined.
      returned: always
      type: str
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
      sample: "there is no alert DiskFillsUp: add a rule for it"
"""

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import alerts, web
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "alerts": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "required_together": [("comparison", "threshold")],
                "options": {
                    "alert": {"type": "str", "required": True},
                    "comparison": {"type": "str", "choices": list(alerts.COMPARISONS)},
                    "threshold": {"type": "float"},
                    "for": {"type": "str"},
                },
            },
            "url": {"type": "str"},
            "groups": {"type": "list", "elements": "dict"},
            "source": {"type": "str", "default": "the rules files"},
            "timeout": {"type": "float", "default": 10},
            **web.SPEC,
        },
        mutually_exclusive=[("url", "groups")],
        required_one_of=[("url", "groups")],
        supports_check_mode=True,
    )
    module.exit_json(changed=False, results=[_looked(module.params)])


def _looked(given: dict[str, Any]) -> Record:
    wanted = given["alerts"]
    if given["groups"] is not None:
        return alerts.evaluated(alerts.alerts(given["groups"]), wanted, given["source"])
    try:
        groups = alerts.from_prometheus(given["url"], given["timeout"], web.how(given))
    except web.Unanswered as problem:
        return alerts.unread(wanted, web.shown(given["url"]), problem)
    return alerts.evaluated(alerts.alerts(groups), wanted, web.shown(given["url"]))


if __name__ == "__main__":
    main()
