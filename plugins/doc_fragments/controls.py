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
        P(hygeia.golden.settings#filter) reduces them to the fields that a target needs.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: The identifier of the control.
        type: str
        required: true
      settings:
        description: The expected values of each kind of setting, by name.
        type: dict
        required: true
      variants:
        description:
          - Different settings for a system, named as in C(applies_to). A kind without settings is omitted there. If
            several systems match, the most specific one applies.
        type: dict
        default: {}
      applies_to:
        description:
          - The systems to which the control applies.
          - C(package) names a package, or several, that must be installed, with C(a | b) where one is enough; C(os) one or several of C(ID),
            C(ID-VERSION_ID) or C(ID_LIKE) as in C(os-release), where a rebuild of RHEL 9 is C(rhel-9) too;
            C(kernel=own) excludes containers.
        type: dict
        default: {}
      stages:
        description: The stages at which the control can be observed.
        type: list
        elements: str
        choices: [offline, boot, live]
        default: [offline, boot, live]
"""
