# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_records
short_description: Open vulnerabilities as results of checks
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Says whether the feeds could be asked (C(patch-feeds)), whether nothing is open past its deadline (C(patch-overdue)), and
    whether nothing is open that is known to be exploited and has a fix (C(patch-known-exploited)). A vulnerability that a
    waiver names has a result of its own (C(patch-open-ID)) and counts in none of these.
  - Without feeds nothing passes.
options:
  _input:
    description: Vulnerabilities, as P(hygeia.golden.deadlines#filter) returns them.
    type: list
    elements: dict
    required: true
  feeds:
    description: The feeds that were asked, as M(hygeia.golden.patch_info) returns them.
    type: list
    elements: dict
    required: true
  stage:
    description: The stage of the results.
    type: str
    choices: [offline, boot, live]
    default: live
  problem:
    description: Why the feeds could not be asked, when they could not.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Add them to what else was verified
  ansible.builtin.set_fact:
    verify_records: >-
      {{ verify_records + (vulnerabilities | hygeia.golden.patch_records(patch.feeds, patch.system.stage)
                           | hygeia.golden.records(baseline_checks, inventory_hostname)) }}
  vars:
    vulnerabilities: "{{ patch.vulnerabilities | hygeia.golden.deadlines(patch_deadlines, baseline_checks) }}"
"""

RETURN = r"""
_value:
  description: Bare results, for P(hygeia.golden.records#filter) to join with their checks.
  type: list
  elements: dict
"""

from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.records import results
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


def patch_records(vulnerabilities, feeds, stage="live", problem=""):
    return results(plain(vulnerabilities), plain(feeds), plain(stage), plain(problem))


class FilterModule:
    def filters(self):
        return {"patch_records": patch_records}
