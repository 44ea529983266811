# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: drift_rules
short_description: List what is compared with an image, and what may differ
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns the rules by which running machines are compared with their image, first of the collection and then of each
    directory of O(policy). Every file of these directories is validated.
  - A rule with C(compare) says that items are not looked at, or of which files only the rights are compared. A rule with
    C(class) says that a difference is expected, and by which change.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller, when O(policy) is used
options:
  _terms:
    description: Ids of rules. The default is all rules.
    type: list
    elements: str
  policy:
    description: Directories of the site's own policy, each of which may have a directory C(drift) with YAML files in it.
    type: list
    elements: path
    default: []
seealso:
  - module: hygeia.golden.drift_info
  - module: hygeia.golden.system_manifest_info
"""

EXAMPLES = r"""
- name: List what is never compared
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.drift_rules') | map(attribute='items') }}"
"""

RETURN = r"""
_raw:
  description: The rules, in the order of the files.
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the rule.
      type: str
      sample: logs
    reason:
      description: Why there is this rule.
      type: str
    items:
      description: Patterns by category.
      type: dict
      sample: {files: [/var/log/**]}
    compare:
      description: V(nothing) or V(rights), in a rule of what is compared.
      type: str
    class:
      description: V(site) or V(application), in a rule of what may differ.
      type: str
    change:
      description: The number of the change that allows it.
      type: str
    until:
      description: The last day on which it holds.
      type: str
    hosts:
      description: The inventory names for which it holds.
      type: list
      elements: str
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            rules = Catalogue(to_native(self.get_option("policy"))).chosen_rules("drift", to_native(terms))
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
        return [dict(rule) for rule in rules]
