# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: agents
short_description: The known agents for logging, backup, monitoring, endpoint protection and guest tools
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns how each known product is recognised on a system and how its configuration is read, those of the collection
    first and then those of each folder of O(policy). Every file of these folders is checked.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller, when O(policy) is used
options:
  _terms:
    description: Ids of agents or names of classes. Without any, all agents.
    type: list
    elements: str
  policy:
    description: Folders of the site's own policy, each of which may have a folder C(agents) with YAML files in it.
    type: list
    elements: path
    default: []
seealso:
  - module: hygeia.golden.agent_info
"""

EXAMPLES = r"""
- name: Which backup agents are known?
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

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        wanted = plain(terms)
        try:
            agents = list(Catalogue(plain(self.get_option("policy"))).agents.values())
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
        known = {name for agent in agents for name in (agent["id"], agent["class"])}
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise AnsibleLookupError(f"there is no agent and no class {unknown[0]}; known are {', '.join(sorted(known))}")
        return [agent for agent in agents if not wanted or agent["id"] in wanted or agent["class"] in wanted]
