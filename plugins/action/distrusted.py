# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import re
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers.action import AskingAction


class ActionModule(AskingAction):
    """Runs every module of this collection, by meta/runtime.yml, and any of Ansible's own that a task names."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        if self._task.action != "hygeia.golden.distrusted":
            return {**result, **self.asked(self._task.action, self._task.args, task_vars)}
        unused_spec, named = self.validate_argument_spec(
            {"module": {"type": "str", "required": True}, "arguments": {"type": "dict", "default": {}}}
        )
        if not re.fullmatch(r"ansible\.builtin\.\w+", named["module"]):
            raise AnsibleActionFail(f"module is {named['module']}: name a module of ansible.builtin, such as ansible.builtin.stat")
        return {**result, **self.asked_by_ansible(named["module"], named["arguments"], task_vars)}
