# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: unmatched
short_description: Select names that match none of the regular expressions
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Removes each name that is fully matched by one of the regular expressions.
  - The expressions are evaluated with a time limit, so that one that does not terminate is an error.
options:
  _input:
    description: The names.
    type: list
    elements: str
    required: true
  patterns:
    description: The regular expressions.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Restart the services that may be restarted
  ansible.builtin.debug:
    msg: "{{ ['cron.service', 'ssh.service'] | hygeia.golden.unmatched(['ssh.*']) }}"
"""

RETURN = r"""
_value:
  description: The remaining names, in their original order.
  type: list
  elements: str
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.module_utils.util.patterns import BadPattern, found
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def unmatched(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    names = list(to_native(names))
    for pattern in to_native(patterns) if names else ():
        try:
            names = [name for name, meant in zip(names, found(pattern, names, "fullmatch")) if not meant]
        except BadPattern as problem:
            raise AnsibleFilterError(f"hygeia.golden.unmatched: {pattern!r} {problem}") from None
    return names


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"unmatched": unmatched}
