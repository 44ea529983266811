# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: policy
short_description: What can be said about a site's policy before it is used
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Reads the folders of a site's policy together with the collection's own, checks every file, and tells all mistakes at
    once instead of failing at them.
  - Asks each kind of setting whether it could express what the policy wants. What only the software of a host can tell,
    such as whether its sshd knows a keyword, is not found here.
  - The playbook C(hygeia.golden.validate_policy) prints the answer and fails at mistakes.
requirements:
  - jsonschema, on the controller
options:
  _terms:
    description: The folders.
    type: list
    elements: path
    required: true
  today:
    description: The day as C(YYYY-MM-DD) on which waivers are judged. Without it, the current day in UTC.
    type: str
seealso:
  - plugin: hygeia.golden.controls
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Refuse a policy with mistakes
  ansible.builtin.assert:
    that: lookup('hygeia.golden.policy', '/srv/policy').mistakes | length == 0
"""

RETURN = r"""
_raw:
  description: One answer about all folders together.
  type: list
  elements: dict
  contains:
    mistakes:
      description: What keeps the policy from being used, one sentence each, with the file and the line.
      type: list
      elements: str
    remarks:
      description: What works and may not be meant, such as a control that no profile has and a waiver that has ended.
      type: list
      elements: str
    controls:
      description: The ids of the controls that the folders add.
      type: list
      elements: str
    checks:
      description: The ids of the checks that they add.
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
      description: How many waivers they have.
      type: int
"""

from datetime import datetime, timezone

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain
from ansible_collections.hygeia.golden.plugins.plugin_utils.validation import validated


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        today = self.get_option("today") or datetime.now(timezone.utc).date().isoformat()
        try:
            return [validated(plain(terms), plain(today))]
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
