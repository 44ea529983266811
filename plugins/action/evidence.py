# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from datetime import datetime, timezone

from ansible import __version__ as ansible_core_version
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence

LISTS = ("controls", "checks", "records", "outcomes", "diffs", "changes", "pending", "vulnerabilities", "closed", "feeds", "installed")
ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "template": {"type": "path", "required": True},
    "profile": {"type": "str", "required": True},
    "severity": {"type": "str", "choices": ["low", "medium", "high", "critical"], "default": "high"},
    "origins": {"type": "list", "elements": "str", "default": ["hygeia.golden"]},
    "frameworks": {"type": "list", "elements": "str", "default": ["hipaa"]},
    "policy": {"type": "list", "elements": "path", "default": []},
    **{name: {"type": "list", "elements": "dict", "default": []} for name in LISTS},
    "source": {"type": "dict"},
    "image": {"type": "dict"},
    **{name: {"type": "dict", "default": {}} for name in ("boot", "system", "release", "rollback")},
    "playbook": {"type": "path"},
    "started": {"type": "str"},
    "failure": {"type": "str"},
}


class ActionModule(ActionBase):
    """Everything is known on the controller, so nothing is sent anywhere."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(ARGUMENTS)
        facts = plain(arguments)
        facts["host"] = plain(task_vars["inventory_hostname"])
        facts["generator"] = evidence.generator(ansible_core_version)
        ended = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            run, files = evidence.rendered(facts, ended)
            path = facts["path"] if self._task.check_mode else evidence.written(facts["path"], files)
        except PolicyError as problem:
            raise AnsibleActionFail(f"the evidence cannot be written: {problem}") from problem
        except OSError as problem:
            raise AnsibleActionFail(f"the evidence could not be written to {facts['path']}: {problem.strerror or problem}") from problem
        result.update(
            changed=True, path=path, verdict=run["verdict"], text=run["sentence"], failing=run["failing"], score=run["score"]
        )
        return result
