# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: replica_results
short_description: State whether a second site has the promoted image
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Compares what a target has with the history of the promoted images. It returns a result on whether its image was promoted and is
    intact, and one on whether it is recent enough.
options:
  _input:
    description:
      - What was found at the target, with its C(place) and C(current), which has C(version), C(sha256) and the digests that were
        C(read).
    type: dict
    required: true
  target:
    description: The name of the target.
    type: str
    required: true
  history:
    description: The history of the promoted images, as M(hygeia.golden.image_versions_info) returns it.
    type: list
    elements: dict
    required: true
  recovery_point:
    description: For how long the target may lack the current image, such as V(24h).
    type: str
    required: true
  problem:
    description: Why the target could not be read.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Record the replica
  ansible.builtin.set_fact:
    publish_records: >-
      {{ found | hygeia.golden.replica_results('radiology', image_versions.history, '24h')
         | hygeia.golden.records(baseline_checks, inventory_hostname) }}
"""

RETURN = r"""
_value:
  description: The results.
  type: list
  elements: dict
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.backup.durations import seconds
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.replicas import results
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def replica_results(
    found: Mapping[str, Any], target: str, history: Sequence[Mapping[str, Any]], recovery_point: str, problem: str = ""
) -> list[Record]:
    try:
        span = seconds(to_native(recovery_point)) or 0
        return results(to_native(target), to_native(found), to_native(history), span, time.time(), to_native(problem))
    except ValueError as error:
        raise AnsibleFilterError(f"hygeia.golden.replica_results: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"replica_results": replica_results}
