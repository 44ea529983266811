# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: score
short_description: Count results
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Counts each control once over all stages. A control counts as passed if it passed at one stage and failed at none.
  - Controls that failed, are waived, could not be read or could not be checked are never counted as passed.
  - Records of other origins than this collection, such as those of OpenSCAP, are excluded.
  - The figures are not a percentage of compliance. P(hygeia.golden.coverage#filter) returns the state of a framework's
    citations.
options:
  _input:
    description: Records, as P(hygeia.golden.records#filter) returns them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Report the score
  ansible.builtin.debug:
    msg: "{{ (verify_records | hygeia.golden.score).text }}"
"""

RETURN = r"""
_value:
  description: The figures.
  type: dict
  contains:
    controls:
      description: The number of controls with a result.
      type: int
    applicable:
      description: The number of controls that apply to the host.
      type: int
    pass:
      description: The number of controls that passed. The other statuses are counted under their own names.
      type: int
    percent:
      description: The percentage of applicable controls that passed, rounded down; null if none is applicable.
      type: int
    text:
      description: A sentence that summarizes the figures.
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
      description: A sentence on what the figures do not mean.
      type: str
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries
from ansible_collections.hygeia.golden.plugins.plugin_utils.results import score as result_score


def score(records: Sequence[Record]) -> dict[str, Any]:
    return result_score.score(entries(records))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"score": score}
