#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: alert_rules_info
short_description: See whether the alerts are there that a site asks for
description:
  - Looks among the alerts of Prometheus, those that it has loaded (O(url)) or those of its rules files (O(groups)), for
    each that is asked for, with its threshold.
  - An alert that Prometheus cannot evaluate is none.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.web
options:
  alerts:
    description: The alerts that are asked for.
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
        description: The number with which it compares. Without it any will do.
        type: float
      for:
        description: How long it may wait at most before it fires, such as C(15m).
        type: str
  url:
    description: The address of Prometheus, such as C(https://prometheus.example.org).
    type: str
  groups:
    description: The groups of rules, as they stand under C(groups) in its files.
    type: list
    elements: dict
  source:
    description: What the results call the place of O(groups), such as the path of a file.
    type: str
    default: the rules files
  timeout:
    description: The seconds within which Prometheus must answer.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: Ask Prometheus
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
      type: str
      sample: monitoring-alerts-configured
    status:
      description: V(pass) or V(fail).
      type: str
      sample: fail
    stage:
      description: V(live).
      type: str
      sample: live
    expected:
      description: Each alert with its threshold.
      type: dict
      sample: {DiskFillsUp: "< 10 for 15m at most"}
    observed:
      description: The expressions of each alert.
      type: dict
    read_from:
      description: Where the alerts stand.
      type: str
    message:
      description: What is wrong and what to do.
      type: str
      sample: "there is no alert DiskFillsUp: add a rule for it"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import alerts, web


def main():
    module = AnsibleModule(
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


def _looked(given):
    wanted = given["alerts"]
    if given["groups"] is not None:
        return alerts.judged(alerts.alerts(given["groups"]), wanted, given["source"])
    try:
        groups = alerts.from_prometheus(given["url"], given["timeout"], web.how(given))
    except web.Unanswered as problem:
        return alerts.unread(wanted, web.shown(given["url"]), problem)
    return alerts.judged(alerts.alerts(groups), wanted, web.shown(given["url"]))


if __name__ == "__main__":
    main()
