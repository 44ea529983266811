# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: deadlines
short_description: Compute the deadline of each open vulnerability
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns for each vulnerability the deadline set by the site's policy and its status today.
  - The period starts on the day on which the vulnerability was identified on the host or on which a fix became
    available, whichever is later. A vulnerability without a fix has no deadline.
  - If several rules match a vulnerability, the one with the fewest days applies. The numbers are the site's policy, not
    law.
options:
  _input:
    description: Vulnerabilities, as M(hygeia.golden.patch_info) returns them.
    type: list
    elements: dict
    required: true
  policy:
    description:
      - A dictionary with C(rules), each with a C(name), C(days) (null for no deadline), and its conditions, which may
        be
        C(severity), C(kev), C(epss) (a minimum), C(exposure) and C(criticality).
      - C(exposure) and C(criticality) list the permitted values of a host. C(due_within) is the number of days before a
        deadline from which it counts as due.
      - Each severity, including V(unknown), needs a rule without other conditions.
    type: dict
    required: true
  waivers:
    description:
      - Waivers in the format of a policy's C(waivers), or the checks as P(hygeia.golden.checks#lookup) returns them with
        theirs. A waiver for the control C(patch-open-CVE-2026-1234) covers that vulnerability, one for C(patch-open-*)
        covers all.
    type: list
    elements: dict
    default: []
  host:
    description: The name of the host, as used in waivers.
    type: str
    default: ""
  today:
    description: The date as C(YYYY-MM-DD). The default is the current day in UTC.
    type: str
  exposure:
    description: The exposure of the host, as defined in the policy.
    type: str
    default: ""
  criticality:
    description: The criticality of the host, as defined in the policy.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: List overdue vulnerabilities
  ansible.builtin.debug:
    msg: >-
      {{ patch.vulnerabilities | hygeia.golden.deadlines(policy) | selectattr('status', 'eq', 'overdue')
         | map(attribute='id') }}
  vars:
    policy:
      due_within: 5
      rules:
        - {name: critical, severity: critical, days: 15}
        - {name: high, severity: [high, unknown], days: 30}
        - {name: the rest, severity: [low, medium], days: 90}
        - {name: known to be exploited, kev: true, days: 7}
"""

RETURN = r"""
_value:
  description:
    - The vulnerabilities, each with C(due) (a day or null), C(status), C(days_left), C(clock_started), the name of the
      C(rule), and the C(waiver) that covers it, even an expired one.
    - C(status) is V(on_time), V(due), V(overdue), V(waived) or V(no_fix).
  type: list
  elements: dict
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def deadlines(
    vulnerabilities: Sequence[dict[str, Any]],
    policy: dict[str, Any],
    waivers: Sequence[dict[str, Any]] = (),
    host: str = "",
    today: str = "",
    exposure: str = "",
    criticality: str = "",
) -> list[dict[str, Any]]:
    # Ansible loads every filter for each task that uses one, so what takes long to load is loaded by whoever needs it.
    from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.deadlines import dated
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError

    today = to_native(today) or datetime.now(timezone.utc).date().isoformat()
    try:
        return dated(
            to_native(vulnerabilities),
            to_native(policy),
            entries(waivers),
            to_native(host),
            today,
            to_native(exposure),
            to_native(criticality),
        )
    except PolicyError as problem:
        raise AnsibleFilterError(f"hygeia.golden.deadlines: {problem}") from problem


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"deadlines": deadlines}
