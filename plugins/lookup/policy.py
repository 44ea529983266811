# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: policy
short_description: Validate a site's policy
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Reads the directories of a site's policy together with the collection's own, validates every file, and returns all
    errors instead of failing.
  - Checks whether each kind of setting can express what the policy requires. What only the software of a host can tell,
    such as whether its sshd supports a keyword, is not checked.
  - The playbook C(hygeia.golden.validate_policy) prints the result and fails on errors.
requirements:
  - jsonschema, on the controller
options:
  _terms:
    description: The directories.
    type: list
    elements: path
    required: true
  today:
    description: The day as C(YYYY-MM-DD) for which waivers are evaluated. The default is the current day in UTC.
    type: str
seealso:
  - plugin: hygeia.golden.controls
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Fail if the policy has errors
  ansible.builtin.assert:
    that: lookup('hygeia.golden.policy', '/srv/policy').errors | length == 0
"""

RETURN = r"""
_raw:
  description: One result for all directories.
  type: list
  elements: dict
  contains:
    errors:
      description: Errors that prevent the use of the policy, one sentence each, with the file and the line.
      type: list
      elements: str
    warnings:
      description: What is valid but may be unintended, such as a control that no profile includes or an expired waiver.
      type: list
      elements: str
    controls:
      description: The ids of the controls that the directories add.
      type: list
      elements: str
    checks:
      description: The ids of the checks that they add.
      type: list
      elements: str
    agents:
      description: The ids of the agents that they add.
      type: list
      elements: str
    platforms:
      description: The ids of the platforms that they add.
      type: list
      elements: str
    tenants:
      description: The ids of the tenants that they define.
      type: list
      elements: str
    residue:
      description: The ids of the rules of the residue scan that they add.
      type: list
      elements: str
    drift:
      description: The ids of the rules that they add of what is compared with an image, and what may differ.
      type: list
      elements: str
    profiles:
      description: The ids of the profiles that they add.
      type: list
      elements: str
    frameworks:
      description: The ids of the frameworks that they add.
      type: list
      elements: str
    waivers:
      description: The number of waivers in them.
      type: int
"""

from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.validation import validated
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        today = self.get_option("today") or datetime.now(timezone.utc).date().isoformat()
        try:
            return [validated(to_native(terms), to_native(today))]
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
