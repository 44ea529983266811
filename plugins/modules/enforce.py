#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: enforce
short_description: Apply controls to a system
description:
  - Writes the settings of all given controls in one call, one kind of setting after another, and reloads the affected
    services on a booted system.
  - A file is checked by the software that will read it before it is installed, such as C(sshd -t) and C(visudo -c).
  - A setting that would lock out the SSH login that runs the module is refused, and the outcome states the reason.
  - On a booted system, a setting that would break a running application or lock out the last administrator is refused
    as well, unless the control is listed in O(force) or O(force_lockout).
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
      - Whether O(controls) is only a part of the system's baseline, so that settings of other controls are kept.
      - Otherwise, settings of controls that are not in O(controls) are removed, so that a control that leaves the
        profile is also removed from the system.
    type: bool
    default: false
  stage:
    description:
      - The stage that the system is prepared for. A control that does not apply to it is V(not_applicable) and is
        skipped.
      - The default is V(live) on a booted system. Otherwise it is both V(offline) and V(boot), because a template is
        audited before and after it boots.
    type: str
    choices: [offline, boot, live]
  layout:
    description:
      - Where settings are written. V(drop_in) uses separate files next to those of the programs. V(main_file) uses a
        marked block in the main configuration files, for scanners that read nothing else.
      - This applies to sshd, pwquality and the programs of systemd. Other software has no drop-in files, or reads only
        drop-in files.
      - Settings in the location of the other layout are removed, and lines that had been commented out for it are
        restored.
    type: str
    choices: [drop_in, main_file]
    default: drop_in
  force:
    description: Controls to apply even if a running application uses what they remove.
    type: list
    elements: str
    default: []
  force_lockout:
    description: Controls to apply even if they lock out the last administrator.
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
  description: One outcome per control, in the order of O(controls).
  returned: always
  type: list
  elements: dict
  contains:
    control:
      description: The identifier of the control.
      returned: always
      type: str
      sample: network-no-forwarding
    outcome:
      description:
        - V(changed), V(unchanged), V(refused) if applying it would cause harm, V(failed), or V(not_applicable).
      returned: always
      type: str
      sample: changed
    changed:
      description: What was written for this control.
      returned: always
      type: list
      elements: str
      sample: [/etc/sysctl.d/zz-hygeia.conf]
    message:
      description: Why it was refused, failed or is not applicable.
      returned: always
      type: str
      sample: ""
    overridable:
      description:
        - Which refusals the operator can override, V(in_use) with O(force) and V(lockout) with O(force_lockout). Empty
          if the refusal is final.
      returned: always
      type: list
      elements: str
      sample: [in_use]
"""

from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import FAILED, enforce
from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import Conflict
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import DROP_IN, LAYOUTS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import CONTROLS_SPEC, Control
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked, masked_diff


def main() -> None:
    module = Module(
        argument_spec={
            "controls": CONTROLS_SPEC,
            "partial": {"type": "bool", "default": False},
            "force": {"type": "list", "elements": "str", "default": []},
            "force_lockout": {"type": "list", "elements": "str", "default": []},
            "stage": {"type": "str", "choices": list(STAGES)},
            "layout": {"type": "str", "choices": list(LAYOUTS), "default": DROP_IN},
        },
        supports_check_mode=True,
    )
    controls = [Control.load(control) for control in module.params["controls"]]
    try:
        options = {name: module.params[name] for name in ("partial", "force", "force_lockout", "stage", "layout")}
        done = enforce(Host(check=module.check_mode), controls, **options)
    except Conflict as problem:
        module.fail_json(msg=str(problem))
    result = {
        "changed": bool(done.changes),
        "outcomes": masked(done.outcomes),
        "diff": [masked_diff(change.target, change.before, change.after) for change in done.changes],
    }
    failed = [outcome for outcome in done.outcomes if outcome["outcome"] == FAILED]
    if failed:
        first = failed[0]
        module.fail_json(msg=f"{len(failed)} controls could not be enforced; the first is {first['control']}: {first['message']}", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
