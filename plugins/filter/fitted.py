# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: fitted
short_description: Give controls the values that platforms ask for
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Sets the values of the controls of portability, such as the drivers in an initramfs, from the descriptions of
    platforms. A control for which these platforms ask nothing is left out; other controls stay as they are.
options:
  _input:
    description: The controls, as P(hygeia.golden.controls#lookup) returns them.
    type: list
    elements: dict
    required: true
  platforms:
    description: The platforms, as P(hygeia.golden.platforms#lookup) returns them.
    type: list
    elements: dict
    required: true
  agents:
    description: The known guest agents, as P(hygeia.golden.agents#lookup) returns them.
    type: list
    elements: dict
    default: []
  secure_boot:
    description: Whether the image must start with Secure Boot.
    type: bool
    default: false
seealso:
  - plugin: hygeia.golden.controls
    plugin_type: lookup
  - plugin: hygeia.golden.platforms
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: List what an image needs for vSphere and Azure
  ansible.builtin.debug:
    msg: >-
      {{ query('hygeia.golden.controls', 'portable')
         | hygeia.golden.fitted(query('hygeia.golden.platforms', 'vmware', 'azure')) }}
"""

RETURN = r"""
_value:
  description: The controls with their values.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, like
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.fitted import fitted
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fitted": _fitted}


def _fitted(controls: Any, platforms: Any, agents: Any = (), secure_boot: bool = False) -> list[Any]:
    return like(controls, fitted(entries(controls), to_native(platforms), to_native(list(agents)), secure_boot))
