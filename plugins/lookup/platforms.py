# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: platforms
short_description: List the platforms that an image can be judged for
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns what each platform asks of an image, first for the collection and then for each directory of O(policy).
    Every file of these directories is validated.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller, when O(policy) is used
options:
  _terms:
    description: Ids of platforms. The default is all platforms.
    type: list
    elements: str
  policy:
    description: Directories of the site's own policy, each of which may have a directory C(platforms) with YAML files in
      it.
    type: list
    elements: path
    default: []
seealso:
  - module: hygeia.golden.portability_info
"""

EXAMPLES = r"""
- name: List the disks of vSphere in the order of preference
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.platforms', 'vmware') | map(attribute='disks') | first }}"
"""

RETURN = r"""
_raw:
  description: The platforms, in the order of the terms, or else of the files.
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the platform.
      type: str
      sample: vmware
    title:
      description: Its name.
      type: str
    disks:
      description: Its disk controllers, any one of which is sufficient.
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
            catalogue = Catalogue(to_native(self.get_option("policy")))
            return catalogue.chosen_platforms(to_native(terms) or list(catalogue.platforms))
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
