# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: checks
short_description: What is verified and is no control
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns every check, such as those of M(hygeia.golden.flow_info), with its title, severity, rationale and citations,
    and with the waiver that covers it on a host. P(hygeia.golden.records#filter) joins results with them.
  - The id of a check may end in an asterisk, as C(segment-in-*) does, and then means each result whose control begins
    so. A waiver may name the check, or one of those that it means, such as C(segment-in-guest), which is then returned
    as a check of its own.
  - Reads the collection's own checks and then those of each folder of O(policy), and fails with all mistakes at once.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller, when O(policy) or O(waivers) is used
options:
  _terms:
    description: Nothing; all checks are returned.
    type: list
    elements: str
    default: []
  policy:
    description:
      - Folders of the site's own policy. Each may have the folders C(controls), C(checks), C(profiles), C(waivers) and
        C(frameworks) with YAML files in them.
    type: list
    elements: path
    default: []
  host:
    description: The name of the host as waivers name it. Without it no waiver counts.
    type: str
  waivers:
    description: More waivers, in the format of the files in C(waivers).
    type: list
    elements: dict
    default: []
  today:
    description: The day as C(YYYY-MM-DD) on which waivers are judged. Without it, the current day in UTC.
    type: str
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
      description: What must be true. An asterisk in it is what that of the id stands for.
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

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.checks import covered
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain

OPTIONS = ("policy", "host", "waivers", "today")


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        options = plain({name: self.get_option(name) for name in OPTIONS})
        try:
            catalogue = Catalogue(options["policy"])
            catalogue.add_waivers_of_play(options["waivers"])
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
        return covered(catalogue, options["host"] or "", options["today"] or datetime.now(timezone.utc).date().isoformat())
