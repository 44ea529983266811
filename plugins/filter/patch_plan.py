# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_plan
short_description: The patch plan of a host as one document
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Puts together what M(hygeia.golden.patch_info) found on a host and what the site says about it. The role
    P(hygeia.golden.patch#role) keeps the result in C(patch_plan).
options:
  _input:
    description: The answer of M(hygeia.golden.patch_info), its vulnerabilities with their deadlines; empty if there is none.
    type: dict
    required: true
  host:
    description: The host.
    type: str
    required: true
  today:
    description: The day of the plan as C(YYYY-MM-DD).
    type: str
    required: true
  exposure:
    description: How exposed the host is.
    type: str
    default: ""
  criticality:
    description: How critical the host is.
    type: str
    default: ""
  problem:
    description: Why there is no plan, if there is none.
    type: str
    default: ""
  records:
    description: The result records of the plan, as P(hygeia.golden.records#filter) returns them.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Record why a host has no plan
  ansible.builtin.set_fact:
    patch_plan: >-
      {{ {} | hygeia.golden.patch_plan(inventory_hostname, '2026-12-10', problem='It could not be reached.') }}
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    host:
      description: The host.
      type: str
    today:
      description: The day of the plan.
      type: str
    exposure:
      description: How exposed the host is.
      type: str
    criticality:
      description: How critical the host is.
      type: str
    problem:
      description: Why there is no plan; empty if there is one.
      type: str
    system:
      description: The distribution, as M(hygeia.golden.patch_info) returns it.
      type: dict
    pending:
      description: Pending updates, as M(hygeia.golden.patch_info) returns them.
      type: list
      elements: dict
    holds:
      description: Packages on hold.
      type: list
      elements: str
    expired:
      description: A sentence for each package list that is too old to show what is pending today.
      type: list
      elements: str
    kernels:
      description: The kernels, as M(hygeia.golden.patch_info) returns them.
      type: list
      elements: dict
    vulnerabilities:
      description: Open vulnerabilities with their deadlines, as P(hygeia.golden.deadlines#filter) returns them.
      type: list
      elements: dict
    closed:
      description: Vulnerabilities that the changes of this run have closed.
      type: list
      elements: dict
    feeds:
      description: The feeds that were read.
      type: list
      elements: dict
    records:
      description: The result records of the plan.
      type: list
      elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.document import document


def patch_plan(
    found: dict[str, Any], host: str, today: str, exposure: str = "", criticality: str = "", problem: str = "", records: Any = ()
) -> dict[str, Any]:
    return document(found, host, today, exposure, criticality, problem, entries(records))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"patch_plan": patch_plan}
