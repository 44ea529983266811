# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: advised
short_description: Select the packages whose updates address advisories
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Selects the updates found by M(hygeia.golden.patch_info) that address one of the advisories or close one of the
    vulnerabilities, and returns the names of their packages.
  - An advisory may be named without its revision number, such as C(DSA-5764).
options:
  _input:
    description: The C(pending) updates.
    type: list
    elements: dict
    required: true
  advisories:
    description: The advisories or vulnerabilities, such as C(DSA-5764-1), C(RHSA-2024:6783) or C(CVE-2024-6119).
    type: list
    elements: str
    required: true
  vulnerabilities:
    description: The C(vulnerabilities) that are open, to say why one cannot be closed.
    type: list
    elements: dict
    default: []
  must_apply:
    description: Whether it is an error if no update addresses one of the advisories.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Find the packages that close it
  ansible.builtin.debug:
    msg: "{{ patch.pending | hygeia.golden.advised(['CVE-2024-6119'], vulnerabilities=patch.vulnerabilities) }}"
"""

RETURN = r"""
_value:
  description: The names of the packages.
  type: list
  elements: str
"""

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def advised(
    pending: Sequence[Entry], advisories: Sequence[str], vulnerabilities: Sequence[Entry] = (), must_apply: bool = True
) -> list[str]:
    pending, names = to_native(pending), []
    for advisory in to_native(advisories):
        found = [update["package"] for update in pending if _answers(update, advisory)]
        if must_apply and not found:
            raise AnsibleFilterError(_why(advisory, to_native(vulnerabilities)))
        names += found
    return list(dict.fromkeys(names))


def _answers(update: Entry, advisory: str) -> bool:
    """An advisory without its revision means each of its revisions."""
    return advisory in update["closes"] or any(f"{known}-".startswith(f"{advisory}-") for known in update["advisories"])


def _why(advisory: str, vulnerabilities: Sequence[Entry]) -> str:
    """Why nothing answers an advisory, in one sentence."""
    same = [entry for entry in vulnerabilities if advisory == entry["id"] or advisory in entry["advisories"]]
    if same:
        return f"{advisory} is open in {same[0]['package']}, and no update that is there closes it: leave it out until there is one"
    return (
        f"no pending update answers {advisory}: correct its name, give feeds that know it in patch_feeds, or where this host "
        f"need not have it, set patch_advisories_must_apply to false"
    )


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"advised": advised}
