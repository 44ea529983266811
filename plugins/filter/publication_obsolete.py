# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: publication_obsolete
short_description: Select the published images that nobody needs any more
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Selects all but the newest images of a target. The current image and those that something uses are never among them.
options:
  _input:
    description: The images of a target, the newest first, each with C(short), the first digits of its digest, and C(used_by).
    type: list
    elements: dict
    required: true
  keep:
    description: How many to keep.
    type: int
    required: true
  current:
    description: The SHA-256 of the current image.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: List what can be removed
  ansible.builtin.debug:
    msg: "{{ published.images | hygeia.golden.publication_obsolete(3, published.template.sha256) }}"
"""

RETURN = r"""
_value:
  description: The images to remove.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.obsolete import obsolete
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def publication_obsolete(images: Sequence[Mapping[str, Any]], keep: int, current: str) -> list[Mapping[str, Any]]:
    return obsolete(to_native(images), int(keep), to_native(current))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"publication_obsolete": publication_obsolete}
