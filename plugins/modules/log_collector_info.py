#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_collector_info
short_description: Query a log collector for test messages
description:
  - Searches for the messages that M(hygeia.golden.log_canary) sent, until all have arrived or the timeout expires.
  - The collector is queried in one of three ways - through the files that its receiver writes (O(path)), through an
    HTTP query (O(url)), or through a command (O(command)).
  - Each query is repeated for a token that was never sent. A collector that claims to have that one too proves nothing.
  - A collector that cannot be queried is not a failure of this module; RV(problem) states the reason.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.canaries
  - hygeia.golden.web
options:
  path:
    description: A file that the receiver writes, or a directory with all its files.
    type: path
  url:
    description: The URL of a query, in which C({token}) is replaced by the token. Its answer must contain the token.
    type: str
  field:
    description:
      - A place in the answer to O(url), which is JSON, such as C(hits.total.value). The value there must not be null,
        zero or empty; the token need not be in the answer.
    type: str
    default: ""
  command:
    description:
      - A program and its arguments, in which C({token}) is replaced by the token. It must succeed and print the token.
    type: list
    elements: str
  timeout:
    description: The timeout in seconds for the arrival of the messages, counted from when they were sent.
    type: float
    default: 60
  age:
    description: How many seconds ago they were sent.
    type: float
    default: 0
seealso:
  - module: hygeia.golden.log_canary
  - module: hygeia.golden.log_canary_info
"""

EXAMPLES = r"""
- name: Look at what the receiver wrote
  hygeia.golden.log_collector_info:
    canaries: "{{ sent.canaries }}"
    path: /var/log/remote
  delegate_to: logs.example.org
  register: asked

- name: Ask Loki
  hygeia.golden.log_collector_info:
    canaries: "{{ sent.canaries }}"
    url: https://loki.example.org/loki/api/v1/query_range?query=%7Bjob%3D%22syslog%22%7D%7C%3D%22{token}%22
    field: data.result
    headers:
      Authorization: Bearer {{ loki_token }}
    ca_path: /etc/ssl/certs/hospital-ca.pem
  delegate_to: localhost
  register: asked
"""

RETURN = r"""
arrivals:
  description: The tokens that arrived, each with the seconds that it took.
  returned: success
  type: dict
  sample: {0f8fad5bd9cb469f-a16570867728950e: 1.4}
collector:
  description: The source that was searched.
  returned: success
  type: str
  sample: /var/log/remote
problem:
  description: Why the collector could not be queried, otherwise empty.
  returned: success
  type: str
"""

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.proofs import canary, web
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.collector import Command, Files, Query, arrivals
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

WAYS = ("path", "url", "command")


def main() -> None:
    module = Module(
        argument_spec={
            "canaries": canary.SPEC,
            "path": {"type": "path"},
            "url": {"type": "str"},
            "field": {"type": "str", "default": ""},
            "command": {"type": "list", "elements": "str"},
            "timeout": {"type": "float", "default": 60},
            "age": {"type": "float", "default": 0},
            **web.SPEC,
        },
        mutually_exclusive=[WAYS],
        required_one_of=[WAYS],
        supports_check_mode=True,
    )
    given = module.params
    collector = _collector(given)
    tokens = [each["token"] for each in given["canaries"] if each["state"] == canary.SENT]
    arrived, problem = arrivals(collector, tokens, given["timeout"], given["age"]) if tokens else ({}, "")
    module.exit_json(changed=False, arrivals=arrived, collector=collector.name, problem=problem)


def _collector(given: dict[str, Any]) -> Files | Query | Command:
    if given["path"]:
        return Files(given["path"])
    if given["url"]:
        return Query(given["url"], given["field"], web.how(given))
    return Command(given["command"], Host())


if __name__ == "__main__":
    main()
