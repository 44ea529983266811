# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: checks
short_description: List the checks
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns every check, such as those of M(hygeia.golden.flow_info), with its title, severity, rationale and citations,
    and with the waiver that covers it on a host. P(hygeia.golden.records#filter) joins results with them.
  - The id of a check may end in an asterisk, such as C(segment-in-*), and then matches each result whose control has
    this prefix. A waiver may name the check, or a single match such as C(segment-in-guest), which is then returned as a
    separate check.
  - Reads the collection's own checks and then those of each directory of O(policy), and reports all errors at once.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller, when O(policy) or O(waivers) is used
options:
  _terms:
    description: Ignored; all checks are returned.
    type: list
    elements: str
    default: []
  policy:
    description:
      - Directories of the site's own policy. Each may have the directories C(controls), C(checks), C(agents),
        C(platforms), C(residue), C(profiles), C(waivers) and C(frameworks) with YAML files in them.
    type: list
    elements: path
    default: []
  host:
    description: The name of the host, as used in waivers. If omitted, no waiver applies.
    type: str
  waivers:
    description: Additional waivers, in the format of the files in C(waivers).
    type: list
    elements: dict
    default: []
  today:
    description: The day as C(YYYY-MM-DD) for which waivers are evaluated. The default is the current day in UTC.
    type: str
  packed:
    description:
      - Return one compressed text that stands for all entries. The filters and modules of this collection take it like
        the list, and P(hygeia.golden.unpacked#filter) makes the list of it.
      - Ansible copies every value of a list for each later task of a host, but a text only once.
    type: bool
    default: false
seealso:
  - plugin: hygeia.golden.records
    plugin_type: filter
  - plugin: hygeia.golden.controls
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Join results with their checks
  ansible.builtin.set_fact:
    segment_records: "{{ flows.results | hygeia.golden.records(checks, inventory_hostname) }}"
  vars:
    checks: "{{ query('hygeia.golden.checks', policy=['/srv/policy'], host=inventory_hostname) }}"
"""

RETURN = r"""
_raw:
  description: The checks, in the order of their files.
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the check. An asterisk at its end stands for anything.
      type: str
      sample: segment-in-*
    title:
      description: What must be true. An asterisk in it stands for the same text as the one in the id.
      type: str
      sample: Only flows of the policy come in from *
    severity:
      description: V(low), V(medium), V(high) or V(critical).
      type: str
    rationale:
      description: Why it must be true.
      type: str
    references:
      description: Citations by framework.
      type: dict
    waiver:
      description: The C(reason), C(approver), C(until) and C(expired) of the waiver that covers the check, or null.
      type: dict
"""

from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import packed
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.checks import covered
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

OPTIONS = ("policy", "host", "waivers", "today", "packed")


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        options = to_native({name: self.get_option(name) for name in OPTIONS})
        try:
            catalogue = Catalogue(options["policy"])
            catalogue.add_waivers_of_play(options["waivers"])
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
        found = covered(catalogue, options["host"] or "", options["today"] or datetime.now(timezone.utc).date().isoformat())
        return packed(found) if options["packed"] else found
