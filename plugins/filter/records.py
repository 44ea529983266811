# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: records
short_description: Result records, joined with their controls and checks
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Joins what M(hygeia.golden.audit_info) found with the title, severity, level, citations and waiver of each control.
  - Results of checks, such as those of M(hygeia.golden.flow_info), are joined with what P(hygeia.golden.checks#lookup)
    returns. Where the id of a check ends in an asterisk, it means each result whose control begins so, and the most exact
    one counts. A result may have a title of its own that says more than that of its check.
  - What M(hygeia.golden.openscap_info) found passes through here too; such results bring their own title and severity.
  - A failure under a waiver that still holds becomes V(waived). A failure under a waiver that has ended stays a
    failure, and the message says so. Nothing else is changed by a waiver.
options:
  _input:
    description: The results of the audit.
    type: list
    elements: dict
    required: true
  controls:
    description: The controls, as P(hygeia.golden.controls#lookup) returns them, or the checks, or both.
    type: list
    elements: dict
    required: true
  host:
    description: The name of the host that was looked at.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Keep the records
  ansible.builtin.set_fact:
    verify_records: "{{ audit.results | hygeia.golden.records(baseline_controls, inventory_hostname) }}"

- name: Keep those of checks beside them
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

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain
from ansible_collections.hygeia.golden.plugins.plugin_utils.records import joined


def records(results, controls, host):
    try:
        return joined(plain(results), plain(controls), plain(host))
    except ValueError as problem:
        raise AnsibleFilterError(f"hygeia.golden.records: {problem}") from problem


class FilterModule:
    def filters(self):
        return {"records": records}
