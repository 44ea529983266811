# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: records
short_description: Join results with their controls and checks
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Joins the results of M(hygeia.golden.audit_info) with the title, severity, level, citations and waiver of each
    control.
  - Results of checks, such as those of M(hygeia.golden.flow_info), are joined with what P(hygeia.golden.checks#lookup)
    returns. If the id of a check ends in an asterisk, it matches each result whose control has this prefix, and the
    most specific check applies. A result may have its own, more specific title.
  - The results of M(hygeia.golden.openscap_info) are accepted too; they have their own title and severity.
  - A failure covered by a valid waiver becomes V(waived). A failure covered by an expired waiver stays a failure, and
    the message states that. A waiver changes nothing else.
options:
  _input:
    description: The results of the audit.
    type: list
    elements: dict
    required: true
  controls:
    description:
      - The controls, as P(hygeia.golden.controls#lookup) returns them, or the checks, or both.
      - If they are packed, the records are packed too.
    type: list
    elements: dict
    required: true
  host:
    description: The name of the host that was audited.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Record the results
  ansible.builtin.set_fact:
    verify_records: "{{ audit.results | hygeia.golden.records(baseline_controls, inventory_hostname) }}"

- name: Add the results of checks
  ansible.builtin.set_fact:
    verify_records: "{{ verify_records + flows.results | hygeia.golden.records(baseline_checks, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description:
    - For each result the C(control), C(title), C(severity), C(level), C(origin), C(host), C(stage), C(status),
      C(expected), C(observed), C(read_from), C(message), C(waiver) and C(references).
  type: list
  elements: dict
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, like
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import joined
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def records(results: Sequence[Record], controls: Sequence[Entry], host: str) -> list[Record]:
    try:
        return like(controls, joined(entries(results), entries(controls), to_native(host)))
    except ValueError as problem:
        raise AnsibleFilterError(f"hygeia.golden.records: {problem}") from problem


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"records": records}
