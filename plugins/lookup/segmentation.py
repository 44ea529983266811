# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: segmentation
short_description: Load and validate a site's segmentation policy
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Reads a segmentation policy, which defines zones with their networks and the allowed flows between them, and reports
    all its errors at once.
requirements:
  - jsonschema, on the controller
options:
  _terms:
    description: The files.
    type: list
    elements: path
    required: true
seealso:
  - module: hygeia.golden.flow_info
  - plugin: hygeia.golden.segment_rules
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the zones of the site
  ansible.builtin.debug:
    msg: "{{ lookup('hygeia.golden.segmentation', '/srv/policy/segmentation.yml').zones }}"
"""

RETURN = r"""
_raw:
  description: Each policy with C(zones) and C(flows) as they are in its file.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import segmentation
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [segmentation.read(path) for path in to_native(terms)]
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
