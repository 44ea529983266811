# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_report
short_description: Render a report of open vulnerabilities on all hosts
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Renders one HTML page that shows the age of every open vulnerability on every host against its deadline, as a chart
    and as a table. It has no scripts and loads no external resources.
options:
  _input:
    description: The plans of the hosts, as the role P(hygeia.golden.patch#role) stores them in C(patch_plan).
    type: list
    elements: dict
    required: true
  template:
    description: The Jinja template of the page. By default the collection's own.
    type: path
  today:
    description: The day of the report as C(YYYY-MM-DD). By default the latest of the plans.
    type: str
"""

EXAMPLES = r"""
- name: Write the report about all templates
  ansible.builtin.copy:
    content: "{{ groups['templates'] | map('extract', hostvars, 'patch_plan') | hygeia.golden.patch_report }}"
    dest: /srv/evidence/patches.html
    mode: "0640"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

TEMPLATE = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../roles/evidence/templates/patches.html.j2"))


def patch_report(plans: Sequence[dict[str, Any]], template: str = TEMPLATE, today: str = "") -> str:
    # Ansible loads every filter for each task that uses one, so what takes long to load is loaded by whoever needs it.
    from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
    from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.page import rendered

    plans = readable_throughout(to_native(plans))
    day = to_native(today) or max((plan["today"] for plan in plans), default="")
    return rendered(plans, to_native(template), day)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"patch_report": patch_report}
