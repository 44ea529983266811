# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option that takes controls."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  controls:
    description:
      - The controls, as the lookup P(hygeia.golden.controls#lookup) resolves them from a profile and the filter
        P(hygeia.golden.settings#filter) reduces them to what travels.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: The identifier of the control.
        type: str
        required: true
      settings:
        description: For each kind of setting the wanted values by name.
        type: dict
        required: true
      variants:
        description:
          - For a system, named as in C(applies_to), the kinds whose settings differ there. A kind with no settings is left
            out there. Of several systems the most exact one counts.
        type: dict
        default: {}
      applies_to:
        description:
          - On which systems the control means anything.
          - C(package) names a package, or several, that must be installed, with C(a | b) where one is enough; C(os) one or several of C(ID),
            C(ID-VERSION_ID) or C(ID_LIKE) as in C(os-release), where a rebuild of RHEL 9 is C(rhel-9) too; C(kernel=own)
            leaves containers out.
        type: dict
        default: {}
      stages:
        description: At which stages the control can be observed.
        type: list
        elements: str
        choices: [offline, boot, live]
        default: [offline, boot, live]
"""
