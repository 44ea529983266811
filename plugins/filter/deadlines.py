# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: deadlines
short_description: By which day each open vulnerability has to be closed
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Says for each vulnerability by which day the site's policy wants it closed, and how it stands with that today.
  - The clock starts on the later of two days, that on which it was identified on the host and that on which a fix was
    available. What has no fix has no deadline.
  - Of the rules that fit a vulnerability the one with the fewest days counts. The numbers are the site's policy, never law.
options:
  _input:
    description: Vulnerabilities, as M(hygeia.golden.patch_info) returns them.
    type: list
    elements: dict
    required: true
  policy:
    description:
      - A dictionary with C(rules), each with a C(name), C(days) (null for no deadline), and what it is for, which may be
        C(severity), C(kev), C(epss) (that or more), C(exposure) and C(criticality).
      - C(exposure) and C(criticality) list the values that a host may have. C(due_within) is the number of days before a
        deadline from which it counts as due.
      - Each severity, V(unknown) among them, needs a rule without other conditions.
    type: dict
    required: true
  waivers:
    description:
      - Waivers in the format of a policy's C(waivers), or the checks as P(hygeia.golden.checks#lookup) returns them with
        theirs. The one that names C(patch-open-CVE-2026-1234) as its control covers that vulnerability, C(patch-open-*) all.
    type: list
    elements: dict
    default: []
  host:
    description: The name of the host as waivers name it.
    type: str
    default: ""
  today:
    description: The day as C(YYYY-MM-DD). Without it, the current day in UTC.
    type: str
  exposure:
    description: Who can reach the host, as the policy calls it.
    type: str
    default: ""
  criticality:
    description: What depends on the host, as the policy calls it.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: What is overdue here?
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
      C(rule), and the C(waiver) that names it, an expired one too.
    - C(status) is V(on_time), V(due), V(overdue), V(waived) or V(no_fix).
  type: list
  elements: dict
"""

from datetime import datetime, timezone

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.deadlines import dated
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


def deadlines(vulnerabilities, policy, waivers=(), host="", today="", exposure="", criticality=""):
    today = plain(today) or datetime.now(timezone.utc).date().isoformat()
    try:
        return dated(plain(vulnerabilities), plain(policy), plain(waivers), plain(host), today, plain(exposure), plain(criticality))
    except PolicyError as problem:
        raise AnsibleFilterError(f"hygeia.golden.deadlines: {problem}") from problem


class FilterModule:
    def filters(self):
        return {"deadlines": deadlines}
