# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
short_description: List the tenants of a site
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns the tenants that the directories of O(policy) define - departments, partners or workloads, each with its
    guests, its administrators, and what it shares with others for a reason. The collection itself defines none. Every
    file of these directories is validated.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller
options:
  policy:
    description: Directories of the site's own policy, each of which may have a directory C(tenants) with YAML files in it.
    type: list
    elements: path
    default: []
seealso:
  - plugin: hygeia.golden.shared_by_tenants
    plugin_type: filter
"""

EXAMPLES = r"""
- name: List the tenants of the site
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.tenants', policy=['/srv/policy']) | map(attribute='title') }}"
"""

RETURN = r"""
_raw:
  description: The tenants, in the order of the files.
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the tenant.
      type: str
      sample: radiology
    title:
      description: Its name.
      type: str
    guests:
      description: The names of its guests, in which C(*) stands for anything.
      type: list
      elements: str
    hypervisors:
      description: The inventory names of the hypervisors on which these names are its guests.
      type: list
      elements: str
    administrators:
      description: The accounts that administer its guests.
      type: list
      elements: str
    shares:
      description: What it shares with others, each with C(kind), C(name), C(with) and C(reason).
      type: list
      elements: dict
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
            return list(Catalogue(to_native(self.get_option("policy"))).tenants.values())
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
