# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: oscal
short_description: Documents of OSCAL from evidence and profiles
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Converts the evidence of a run, or a profile, to documents of the Open Security Controls Assessment Language of NIST,
    version 1.2.1.
  - Identifiers are UUIDs of version 5. Those of the same control of the same host are the same in every run, and the same
    input always gives the same document.
  - The statuses of records remain distinct. In the assessment results, C(pass) is a finding that is C(satisfied). C(fail),
    C(error) and C(waived) are findings that are C(not-satisfied) and have a risk, which is C(deviation-approved) for
    C(waived). C(not_checked) and C(not_applicable) are observations without a finding. Each has its status as a property.
  - Records of other origins than this collection, such as those of OpenSCAP, are excluded.
options:
  _terms:
    description:
      - The models. V(assessment-results) and V(plan-of-action-and-milestones) need O(evidence), V(component-definition) and
        V(profile) need O(profile).
    type: list
    elements: str
    required: true
    choices: [assessment-results, plan-of-action-and-milestones, component-definition, profile]
  evidence:
    description: The directory of a run, with C(manifest.json) and C(results.json).
    type: path
  profile:
    description: The id of a profile.
    type: str
  policy:
    description: Directories of the site's own policy.
    type: list
    elements: path
    default: []
  modified:
    description: The time in UTC, as ISO 8601, at which the policy was last modified. The default is the current time.
    type: str
seealso:
  - name: OSCAL
    description: The models and their reference.
    link: https://pages.nist.gov/OSCAL
"""

EXAMPLES = r"""
- name: Write the assessment results of a run
  ansible.builtin.copy:
    content: "{{ lookup('hygeia.golden.oscal', 'assessment-results', evidence=evidence_written.path) | to_nice_json }}"
    dest: /srv/oscal/debian-12.json
    mode: "0640"
  delegate_to: localhost
"""

RETURN = r"""
_raw:
  description:
    - One document per model, in the same order. A plan of action without items is an empty dictionary, because OSCAL has no
      empty plan.
  type: list
  elements: dict
"""

import json
import os
from datetime import datetime, timezone
from typing import Any

from ansible import __version__ as ansible_core_version
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal import definitions
from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.plan_of_action import plan_of_action
from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.results import assessment_results
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.evidence import generator
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

OF_EVIDENCE = {"assessment-results": assessment_results, "plan-of-action-and-milestones": plan_of_action}
OF_PROFILES = {"component-definition": definitions.component_definition, "profile": definitions.profile}


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        unknown = [term for term in terms if term not in {**OF_EVIDENCE, **OF_PROFILES}]
        if unknown or not terms:
            models = ", ".join([*OF_EVIDENCE, *OF_PROFILES])
            raise AnsibleLookupError(f"hygeia.golden.oscal: {unknown[0] if unknown else 'nothing'} is not a model; use {models}")
        return [self._of_evidence(term) if term in OF_EVIDENCE else self._of_profile(term) for term in map(to_native, terms)]

    def _of_evidence(self, model: str) -> dict[str, Any]:
        directory = self._needed("evidence", model)
        manifest, results = (_read(os.path.join(directory, name)) for name in ("manifest.json", "results.json"))
        try:
            return OF_EVIDENCE[model](manifest, results)
        except (AttributeError, KeyError, TypeError) as problem:
            raise AnsibleLookupError(f"hygeia.golden.oscal: {directory} is not the evidence of a run") from problem

    def _of_profile(self, model: str) -> dict[str, Any]:
        profile = self._needed("profile", model)
        modified = to_native(self.get_option("modified")) or datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            controls = Catalogue(to_native(self.get_option("policy"))).resolve(profile)
        except PolicyError as problem:
            raise AnsibleLookupError(f"hygeia.golden.oscal: {problem}") from problem
        return OF_PROFILES[model](controls, profile, modified, generator(ansible_core_version)["version"])

    def _needed(self, option: str, model: str) -> str:
        value = to_native(self.get_option(option))
        if not value:
            raise AnsibleLookupError(f"hygeia.golden.oscal: {model} needs the option {option}")
        return str(value)


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except OSError as problem:
        raise AnsibleLookupError(f"hygeia.golden.oscal: {path} cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise AnsibleLookupError(f"hygeia.golden.oscal: {path} is not JSON") from problem
