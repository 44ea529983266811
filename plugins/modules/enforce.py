#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: enforce
short_description: Make controls so on a system
description:
  - Writes the settings of all given controls in one call, one kind of setting after the other, and reloads what it
    changed on a booted system.
  - A file is checked by the software that will read it before it is installed, such as C(sshd -t) and C(visudo -c).
  - A setting that would lock out the SSH login which runs this is refused, and the outcome says why.
  - On a booted system a setting that would take something from an application which runs, or its last administrator's way
    in, is refused as well, until the control is named in O(force) or O(force_lockout).
  - One control that fails does not stop the others. The module fails at the end when any control failed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.writes
  - hygeia.golden.controls
options:
  partial:
    description:
      - Says that O(controls) is only a part of the system's baseline, so that what was written for other controls
        stays.
      - Otherwise the settings of a kind are those of O(controls) and no others, so that a control which left the
        profile leaves the system too.
    type: bool
    default: false
  force:
    description: Controls to make so although an application that runs uses what they take away.
    type: list
    elements: str
    default: []
  force_lockout:
    description: Controls to make so although the last administrator could not get in again.
    type: list
    elements: str
    default: []
seealso:
  - module: hygeia.golden.audit_info
"""

EXAMPLES = r"""
- name: Turn packet forwarding off
  hygeia.golden.enforce:
    partial: true
    controls:
      - id: network-no-forwarding
        settings:
          sysctl:
            net.ipv4.ip_forward: 0
"""

RETURN = r"""
outcomes:
  description: One outcome a control, in the order in which they were given.
  returned: always
  type: list
  elements: dict
  contains:
    control:
      description: The identifier of the control.
      type: str
      sample: network-no-forwarding
    outcome:
      description:
        - V(changed), V(unchanged), V(refused) when it would do harm, V(failed), or V(not_applicable).
      type: str
      sample: changed
    changed:
      description: What was written for this control.
      type: list
      elements: str
      sample: [/etc/sysctl.d/zz-hygeia.conf]
    message:
      description: Why it was refused, failed or is not applicable.
      type: str
      sample: ""
    asks:
      description:
        - What an operator may overrule when it was refused, V(in_use) with O(force) and V(lockout) with O(force_lockout).
      type: list
      elements: str
      sample: [in_use]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import FAILED, enforce
from ansible_collections.hygeia.golden.plugins.module_utils.engine.group import Conflict
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import CONTROLS_SPEC, Control


def main():
    module = AnsibleModule(
        argument_spec={
            "controls": CONTROLS_SPEC,
            "partial": {"type": "bool", "default": False},
            "force": {"type": "list", "elements": "str", "default": []},
            "force_lockout": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    controls = [Control.load(control) for control in module.params["controls"]]
    try:
        options = {name: module.params[name] for name in ("partial", "force", "force_lockout")}
        done = enforce(Host(check=module.check_mode), controls, **options)
    except Conflict as problem:
        module.fail_json(msg=str(problem))
    result = {
        "changed": bool(done.changes),
        "outcomes": done.outcomes,
        "diff": [
            {"before_header": change.target, "after_header": change.target, "before": change.before, "after": change.after}
            for change in done.changes
        ],
    }
    failed = [outcome for outcome in done.outcomes if outcome["outcome"] == FAILED]
    if failed:
        first = failed[0]
        module.fail_json(
            msg=f"{len(failed)} controls could not be enforced; the first is {first['control']}: {first['message']}",
            **result,
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
