# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: agents
short_description: List known agents for logging, backup, monitoring, endpoint protection and guest tools
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns how each known product is detected on a system and how its configuration is read, first for the collection
    and then for each directory of O(policy). Every file of these directories is validated.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller, when O(policy) is used
options:
  _terms:
    description: Ids of agents or names of classes. The default is all agents.
    type: list
    elements: str
  policy:
    description: Directories of the site's own policy, each of which may have a directory C(agents) with YAML files in it.
    type: list
    elements: path
    default: []
seealso:
  - module: hygeia.golden.agent_info
"""

EXAMPLES = r"""
- name: List the known backup agents
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.agents', 'backup') | map(attribute='title') }}"
"""

RETURN = r"""
_raw:
  description: The agents, in the order of the files.
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the product.
      type: str
      sample: rsyslog
    title:
      description: Its name.
      type: str
    class:
      description: V(logging), V(backup), V(monitoring), V(endpoint_protection) or V(guest_tools).
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
        wanted = to_native(terms)
        try:
            agents = list(Catalogue(to_native(self.get_option("policy"))).agents.values())
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
        known = {name for agent in agents for name in (agent["id"], agent["class"])}
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise AnsibleLookupError(f"there is no agent and no class {unknown[0]}; choose one of {', '.join(sorted(known))}")
        return [agent for agent in agents if not wanted or agent["id"] in wanted or agent["class"] in wanted]
