# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: unpacked
short_description: List the controls or records that a compressed text stands for
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Controls, checks and records are long lists, and Ansible copies every value of a fact for each later task of a host.
    So the roles of this collection keep them packed, as one text in a list, which its own filters and modules take.
  - This filter returns the entries themselves, for everything else. Entries that are not packed stay as they are.
options:
  _input:
    description: The list, such as C(baseline_controls) or C(verify_records).
    type: list
    elements: raw
    required: true
"""

EXAMPLES = r"""
- name: List the failed controls
  ansible.builtin.debug:
    msg: >-
      {{ verify_records | hygeia.golden.unpacked | selectattr('status', 'equalto', 'fail') | map(attribute='control') }}
"""

RETURN = r"""
_value:
  description: The entries.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"unpacked": entries}
