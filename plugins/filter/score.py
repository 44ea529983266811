# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: score
short_description: What records add up to
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Counts each control once over all stages. A control has passed when it passed at a stage and failed at none.
  - What failed, failed under a waiver, could not be read or could not be checked is never counted as passed.
  - Records of other origins than this collection, such as those of OpenSCAP, are left out.
  - The figures are no percentage of compliance. P(hygeia.golden.coverage#filter) says how a framework's citations stand.
options:
  _input:
    description: Records, as P(hygeia.golden.records#filter) returns them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Say how it went
  ansible.builtin.debug:
    msg: "{{ (verify_records | hygeia.golden.score).text }}"
"""

RETURN = r"""
_value:
  description: The figures.
  type: dict
  contains:
    controls:
      description: All controls that have a record.
      type: int
    applicable:
      description: Those of them that mean anything on the host.
      type: int
    pass:
      description: Passed. The other statuses have a figure each under their own names too.
      type: int
    percent:
      description: Passed of a hundred applicable ones, rounded down; null when none is applicable.
      type: int
    text:
      description: A sentence that says what was counted.
      type: str
      sample: 61 of 66 applicable controls passed, 3 failed, 1 failed under a waiver, 1 could not be checked.
    by_severity:
      description: The same figures for the controls of each severity, the highest first.
      type: dict
    by_level:
      description: The same figures for the controls of each level, V(1) or V(2).
      type: dict
    by_area:
      description: The same figures for the controls of each area, such as V(ssh).
      type: dict
    meaning:
      description: A sentence that says what the figures do not say.
      type: str
"""

from ansible_collections.hygeia.golden.plugins.plugin_utils import records as result_records
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


def score(records):
    return result_records.score(plain(records))


class FilterModule:
    def filters(self):
        return {"score": score}
