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
  - Reads the collection's own policy and then each directory of O(policy). Every file of these directories is
    validated, and all errors are reported at once, each with the file, the line, the control and the field.
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
      - Directories of the site's own policy. Each may have the directories C(controls), C(checks), C(agents),
        C(platforms), C(tenants), C(residue), C(profiles), C(waivers) and C(frameworks) with YAML files in them.
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
  add:
    description: Ids of controls to add to those of the profile, with C(*) as a wildcard.
    type: list
    elements: str
    default: []
  remove:
    description: Ids of controls to remove from those of the profile, with C(*) as a wildcard.
    type: list
    elements: str
    default: []
  set:
    description:
      - "Other values, as C({control: {kind: {name: value}}}), for settings that the controls have."
    type: dict
    default: {}
  platforms:
    description:
      - Platforms on which the controls must be able to hold, such as V(azure). A control that takes from one of them
        what it needs is an error, which names both.
    type: list
    elements: str
    default: []
  family:
    description: The family of systems that the controls are for.
    type: str
    choices: [linux, windows]
    default: linux
  severity:
    description: Leave out controls of a lower severity.
    type: str
    choices: [low, medium, high, critical]
    default: low
  tags:
    description:
      - Keep only the controls that match one of these tags. A tag is an area such as V(ssh), the id of a control,
        V(level1) or
        V(level2). Ansible's own tags V(all), V(tagged), V(untagged), V(always) and V(never) mean nothing here.
    type: list
    elements: str
    default: []
  skip_tags:
    description: Leave out the controls that match one of these tags.
    type: list
    elements: str
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
  - plugin: hygeia.golden.settings
    plugin_type: filter
  - module: hygeia.golden.audit_info
  - module: hygeia.golden.enforce
"""

EXAMPLES = r"""
- name: Count the controls of the default profile
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.controls', 'hipaa') | length }}"

- name: List its SSH controls of high or critical severity
  ansible.builtin.debug:
    msg: "{{ query('hygeia.golden.controls', 'hipaa', tags=['ssh'], severity='high') | map(attribute='title') }}"

- name: Resolve a site's own profile with its waivers
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
      description: V(1) if it suits every server, V(2) if it may reduce functionality or performance.
      type: int
    rationale:
      description: Why it must be true.
      type: str
    impact:
      description: The impact on applications or their users.
      type: str
    applies_to:
      description: The systems to which the control applies.
      type: dict
    stages:
      description: The stages at which the control can be observed.
      type: list
      elements: str
    settings:
      description: The expected values of each kind of setting, by name.
      type: dict
    variants:
      description: The kinds of setting that differ, for each system that differs.
      type: dict
    references:
      description: Citations by framework.
      type: dict
    area:
      description: The first word of the identifier, which names the subject of the control.
      type: str
    waiver:
      description: The C(reason), C(approver), C(until) and C(expired) of the waiver that covers the control, or null.
      type: dict
"""

from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import packed
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import selection, waivers
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry, PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

display = Display()

OPTIONS = ("policy", "host", "waivers", "add", "remove", "set", "platforms", "family", "severity", "tags", "skip_tags", "today", "packed")


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        if len(terms) != 1:
            raise AnsibleLookupError("hygeia.golden.controls wants the id of one profile")
        options = to_native({name: self.get_option(name) for name in OPTIONS})
        try:
            found = self._controls(to_native(terms[0]), options)
        except PolicyError as problem:
            raise AnsibleLookupError(str(problem)) from problem
        return packed(found) if options["packed"] else found

    @staticmethod
    def _controls(profile: str, options: dict[str, Any]) -> list[Entry]:
        catalogue = Catalogue(options["policy"])
        for name in catalogue.unused() if options["policy"] else ():
            display.warning(f"No profile has the control {name}, so nothing ever looks at it; add it to a profile's controls.")
        catalogue.add_waivers_of_play(options["waivers"])
        today = options["today"] or datetime.now(timezone.utc).date().isoformat()
        controls = catalogue.resolve(profile, options["remove"], options["set"], options["add"], options["platforms"], options["family"])
        return [
            {**control, "waiver": waivers.find(catalogue.waivers, control["id"], options["host"] or "", today)}
            for control in selection.chosen(controls, options["severity"], options["tags"], options["skip_tags"])
        ]
