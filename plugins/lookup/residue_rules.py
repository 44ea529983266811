# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: residue_rules
short_description: List the rules of the residue scan
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns what M(hygeia.golden.residue_info) searches for, first of the collection and then of each directory of
    O(policy). Every file of these directories is validated, and each rule must find its bad examples and none of its
    good ones.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller, when O(policy) is used
options:
  _terms:
    description: Ids of rules. The default is all rules.
    type: list
    elements: str
  policy:
    description: Directories of the site's own policy, each of which may have a directory C(residue) with YAML files in it.
    type: list
    elements: path
    default: []
seealso:
  - module: hygeia.golden.residue_info
"""

EXAMPLES = r"""
- name: List the rules
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.residue_rules') | map(attribute='title') }}"
"""

RETURN = r"""
_raw:
  description: The rules, in the order of the files, without their examples.
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the rule and of its check.
      type: str
      sample: residue-private-key
    title:
      description: What must be true.
      type: str
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
            rules = Catalogue(to_native(self.get_option("policy"))).chosen_rules("residue", to_native(terms))
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
        return [_travelling(rule) for rule in rules]


def _travelling(rule: dict[str, Any]) -> dict[str, Any]:
    """What a host needs; rationale, citations and examples stay on the controller."""
    return {name: value for name, value in rule.items() if name not in ("severity", "rationale", "references", "examples")}
