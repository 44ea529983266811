# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: drift_controls
short_description: Compare the results of controls with those that the image had
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns a record for each control whose verdict on the machine is another one than when its image was promoted, in the
    form of M(hygeia.golden.drift_info), or one record if there is none.
  - Controls that were not checked in one of the two say nothing.
options:
  _input:
    description: The records of the audit of the machine.
    type: list
    elements: dict
    required: true
  image:
    description: The verdicts that the image had, as M(hygeia.golden.drift_info) returns them as C(controls).
    type: dict
    required: true
  checks:
    description: The checks, as P(hygeia.golden.checks#lookup) returns them.
    type: list
    elements: dict
    required: true
  host:
    description: The name of the host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Compare the results of the controls
  ansible.builtin.set_fact:
    drift_records: >-
      {{ verify_records | hygeia.golden.drift_controls(drift_found.controls, baseline_checks, inventory_hostname) }}
"""

RETURN = r"""
_value:
  description: The records, packed if the checks are.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, like
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def drift_controls(records: Sequence[Record], image: Mapping[str, str], checks: Sequence[Entry], host: str) -> list[Record]:
    # Every task loads all filters; most need nothing of this.
    from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.controls import of_controls  # pylint: disable=import-outside-toplevel

    try:
        return like(checks, of_controls(entries(records), to_native(image), entries(checks), to_native(host)))
    except ValueError as problem:
        raise AnsibleFilterError(f"hygeia.golden.drift_controls: {problem}") from problem


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"drift_controls": drift_controls}
