# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: publication_results
short_description: State what became of an image at a target
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns a result for each step of a publication, for P(hygeia.golden.records#filter). What was not read back from the target is
    never passed.
options:
  _input:
    description:
      - What was found at the target in the end, with C(sha256) as it was read back, C(images), and C(current), what the consumers
        of the target use, with C(version), C(sha256) and C(machine).
    type: dict
    required: true
  publication:
    description:
      - What was to be published, with the C(target), its C(place), the C(image) with C(version) and C(sha256), the C(machine) and how
        many images to C(keep).
    type: dict
    required: true
  problem:
    description: Why the publication stopped.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Record what was published
  ansible.builtin.set_fact:
    publish_records: >-
      {{ published | hygeia.golden.publication_results(publication)
         | hygeia.golden.records(baseline_checks, inventory_hostname) }}
"""

RETURN = r"""
_value:
  description: The results, in the order of the steps.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.results import Publication, results
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def publication_results(found: Mapping[str, Any], publication: Mapping[str, Any], problem: str = "") -> list[Record]:
    return results(Publication(found=to_native(found), problem=to_native(problem), **to_native(publication)))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"publication_results": publication_results}
