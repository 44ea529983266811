# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: coverage
short_description: Coverage of a framework's citations by results
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Turns results into one row per citation, with the controls that serve it and its state.
  - The state is the first of these that is true. V(out_of_reach) - no system can show it, as the framework says.
    V(not_served) - no control of the profile cites it. V(failing) - a control that cites it failed or could not be read.
    V(waived) - one failed under a waiver. V(proven) - at least one passed, and so did all that could be checked.
    V(not_checked) - none could be checked.
  - A system can show only part of a citation, so V(proven) never means that the citation is fully met.
  - Records of other origins than this collection, such as those of OpenSCAP, are excluded.
options:
  _input:
    description: Records, as P(hygeia.golden.records#filter) returns them.
    type: list
    elements: dict
    required: true
  framework:
    description: The id of the framework, one of the collection's or of a directory of O(policy).
    type: str
    default: hipaa
  controls:
    description:
      - The controls of the profile, as P(hygeia.golden.controls#lookup) returns them. Controls without a result count
        as not checked. If omitted, only controls with results are known.
    type: list
    elements: dict
    default: []
  policy:
    description: Directories of the site's own policy, for frameworks of its own.
    type: list
    elements: path
    default: []
seealso:
  - plugin: hygeia.golden.score
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Report the state of the Security Rule's citations
  ansible.builtin.debug:
    msg: "{{ (verify_records | hygeia.golden.coverage('hipaa', baseline_controls)).text }}"

- name: List the citations that need work
  ansible.builtin.debug:
    msg: >-
      {{ (verify_records | hygeia.golden.coverage('nist_csf')).citations
         | selectattr('state', 'equalto', 'failing') | map(attribute='citation') }}
"""

RETURN = r"""
_value:
  description: The citations and their totals.
  type: dict
  contains:
    framework:
      description: The id of the framework. Its C(title) and C(source) are there too.
      type: str
      sample: hipaa
    counts:
      description: How many citations are in each state.
      type: dict
      sample: {"failing": 2, "waived": 1, "not_checked": 0, "proven": 20, "not_served": 8, "out_of_reach": 32}
    text:
      description: A sentence that summarizes the figures.
      type: str
    meaning:
      description: A sentence on what the states do not mean.
      type: str
    citations:
      description: One row per citation, in the framework's order.
      type: list
      elements: dict
      contains:
        citation:
          description: The citation.
          type: str
          sample: 164.312(b)
        title:
          description: Its heading, where it is known.
          type: str
          sample: Audit controls
        label:
          description: Its classification in the framework, such as V(required), V(addressable) or V(standard).
          type: str
          sample: standard
        shows:
          description: The part of it that a system can show, where the framework says so.
          type: str
        state:
          description: V(proven), V(failing), V(waived), V(not_checked), V(not_served) or V(out_of_reach).
          type: str
          sample: proven
        reason:
          description: Why it is in this state.
          type: str
          sample: of 31 controls, 29 passed, 2 could not be checked
        counts:
          description: The number of controls that serve it, by status.
          type: dict
        controls:
          description: Those controls, each with its C(control), C(title), C(severity) and C(status) over all stages.
          type: list
          elements: dict
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def coverage(
    records: Sequence[Record], framework: str = "hipaa", controls: Sequence[dict[str, Any]] = (), policy: Sequence[str] = ()
) -> dict[str, Any]:
    # Ansible loads every filter for each task that uses one, so what takes long to load is loaded by whoever needs it.
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.frameworks import frameworks
    from ansible_collections.hygeia.golden.plugins.plugin_utils.results import coverage as citations

    try:
        known = frameworks(to_native(policy))
    except PolicyError as problem:
        raise AnsibleFilterError(f"hygeia.golden.coverage: {problem}") from problem
    if framework not in known:
        raise AnsibleFilterError(f"hygeia.golden.coverage: there is no framework {framework}; use {', '.join(known)}")
    return citations.coverage(entries(records), known[to_native(framework)], entries(controls))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"coverage": coverage}
