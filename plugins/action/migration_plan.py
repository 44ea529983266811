# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import export, page, plan, policy
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.read import MAX_AGE, inventory
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

TEMPLATE = os.path.normpath(os.path.join(BASELINE, "../../evidence/templates/migration.html.j2"))
ARGUMENTS: dict[str, Any] = {
    "sources": {"type": "list", "elements": "dict", "required": True},
    "dest": {"type": "path", "required": True},
    "policy": {"type": "path"},
    "today": {"type": "str"},
    "max_age": {"type": "int", "default": MAX_AGE},
    "template": {"type": "path"},
}
_DRAFT = """\
---
# A draft from observed flows, for review: what was seen is not always what should be, and what was not seen is not here.
"""


class ActionModule(ActionBase):
    """Everything is on the controller, so nothing is sent anywhere."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(ARGUMENTS)
        given = to_native(arguments)
        today = given["today"] or datetime.now(timezone.utc).date().isoformat()
        try:
            known = inventory(given["sources"], today, given["max_age"])
            made = readable_throughout(plan.plan(known, policy.read(given["policy"])))
            files = _files(made, given["template"] or TEMPLATE)
        except (Unusable, PolicyError) as problem:
            raise AnsibleActionFail(f"there is no plan: {problem}") from problem
        if not self._task.check_mode:
            _write(given["dest"], files)
        result.update(
            changed=True,
            path=os.path.join(given["dest"], "migration.html"),
            files=sorted(files),
            figures=made["figures"],
            unknown=[f"{row['what']}: {row['count']}" for row in made["unknown"]],
        )
        return result


def _files(made: Mapping[str, Any], template: str) -> dict[str, str]:
    return {
        "plan.json": json.dumps(made, indent=1, ensure_ascii=False) + "\n",
        "waves.csv": export.waves_csv(made),
        "waves-aws.csv": export.aws_csv(made),
        "waves-azure.csv": export.azure_csv(made),
        "segmentation.yml": _DRAFT + yaml.safe_dump(made["segmentation"], sort_keys=False, allow_unicode=True, width=110),
        "migration.html": page.rendered(made, template),
    }


def _write(directory: str, files: Mapping[str, str]) -> None:
    try:
        atomic.write_all(directory, files, 0o640)
    except OSError as problem:
        raise AnsibleActionFail(f"the plan cannot be written to {directory}: {problem.strerror or problem}") from problem
