# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: controls
short_description: The controls of a profile
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Resolves a profile to its list of controls, each with its settings, severity, rationale and citations, and with the
    waiver that covers it on a host.
  - Reads the collection's own policy and then each folder of O(policy). Every file of these folders is checked, and
    all mistakes are told at once, each with the file, the line, the control and the field.
  - Use it through P(ansible.builtin.query#lookup), since it returns a list.
requirements:
  - jsonschema, on the controller, when O(policy) or O(waivers) is used
options:
  _terms:
    description: The id of one profile.
    type: list
    elements: str
    required: true
  policy:
    description:
      - Folders of the site's own policy. Each may have the folders C(controls), C(checks), C(profiles),
        C(waivers) and C(frameworks) with YAML files in them.
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
  remove:
    description: Ids of controls that the profile has and that are not wanted. An asterisk stands for anything.
    type: list
    elements: str
    default: []
  set:
    description:
      - "Other values, as C({control: {kind: {name: value}}}), for settings that the controls have."
    type: dict
    default: {}
  severity:
    description: Leave out controls of a lower severity.
    type: str
    choices: [low, medium, high, critical]
    default: low
  tags:
    description:
      - Keep only the controls that one of these means. A tag is an area such as V(ssh), the id of a control, V(level1) or
        V(level2). Ansible's own tags V(all), V(tagged), V(untagged), V(always) and V(never) mean nothing here.
    type: list
    elements: str
    default: []
  skip_tags:
    description: Leave out the controls that one of these means.
    type: list
    elements: str
    default: []
  today:
    description: The day as C(YYYY-MM-DD) on which waivers are judged. Without it, the current day in UTC.
    type: str
seealso:
  - plugin: hygeia.golden.settings
    plugin_type: filter
  - module: hygeia.golden.audit_info
  - module: hygeia.golden.enforce
"""

EXAMPLES = r"""
- name: How many controls does the default profile have?
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.controls', 'hipaa') | length }}"

- name: Which of its controls about SSH are of high or critical severity?
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.controls', 'hipaa', tags=['ssh'], severity='high') | map(attribute='title') }}"

- name: Resolve a profile of our own, with our waivers
  ansible.builtin.set_fact:
    baseline_controls: >-
      {{ query('hygeia.golden.controls', 'hospital', policy=['/srv/policy'], host=inventory_hostname) }}
"""

RETURN = r"""
_raw:
  description: The controls, in the order of the policy files.
  type: list
  elements: dict
  contains:
    id:
      description: The identifier of the control.
      type: str
    title:
      description: What must be true.
      type: str
    severity:
      description: V(low), V(medium), V(high) or V(critical).
      type: str
    level:
      description: V(1) when it suits every server, V(2) when it may cost function or performance.
      type: int
    rationale:
      description: Why it must be true.
      type: str
    impact:
      description: What an application or its users may notice.
      type: str
    applies_to:
      description: On which systems the control means anything.
      type: dict
    stages:
      description: At which stages the control can be observed.
      type: list
      elements: str
    settings:
      description: For each kind of setting the wanted values by name.
      type: dict
    variants:
      description: For each system that differs the kinds that differ there.
      type: dict
    references:
      description: Citations by framework.
      type: dict
    area:
      description: The first word of the identifier, which names what the control is about.
      type: str
    waiver:
      description: The C(reason), C(approver), C(until) and C(expired) of the waiver that covers the control, or null.
      type: dict
"""

from datetime import datetime, timezone

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.hygeia.golden.plugins.plugin_utils import choice, waivers
from ansible_collections.hygeia.golden.plugins.plugin_utils.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain

display = Display()

OPTIONS = ("policy", "host", "waivers", "remove", "set", "severity", "tags", "skip_tags", "today")


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        if len(terms) != 1:
            raise AnsibleLookupError("hygeia.golden.controls wants the id of one profile")
        options = plain({name: self.get_option(name) for name in OPTIONS})
        try:
            return self._controls(plain(terms[0]), options)
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem

    @staticmethod
    def _controls(profile, options):
        catalogue = Catalogue(options["policy"])
        for name in catalogue.unused() if options["policy"] else ():
            display.warning(f"No profile has the control {name}, so nothing ever looks at it; add it to a profile's controls.")
        catalogue.add_waivers_of_play(options["waivers"])
        today = options["today"] or datetime.now(timezone.utc).date().isoformat()
        controls = catalogue.resolve(profile, options["remove"], options["set"])
        return [
            {**control, "waiver": waivers.find(catalogue.waivers, control["id"], options["host"] or "", today)}
            for control in choice.chosen(controls, options["severity"], options["tags"], options["skip_tags"])
        ]
