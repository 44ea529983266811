# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.comparison import compare, listing, page
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

TEMPLATE = os.path.normpath(os.path.join(BASELINE, "../../evidence/templates/comparison.html.j2"))
IMAGE = {
    "name": {"type": "str", "required": True},
    "tree": {"type": "dict", "required": True},
    "records": {"type": "list", "elements": "dict", "default": []},
    **{name: {"type": "str", "default": ""} for name in ("profile", "path", "sha256")},
}
ARGUMENTS: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "template": {"type": "path"},
    "before": {"type": "dict", "required": True, "options": IMAGE},
    "after": {"type": "dict", "required": True, "options": IMAGE},
}
_MOST_NAMED = 100


class ActionModule(ActionBase):
    """Everything is known on the controller, so nothing is sent anywhere."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(ARGUMENTS)
        given = to_native(arguments)
        moment = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        before, after = (_image(given[which]) for which in ("before", "after"))
        try:
            found = compare.compared(before, after)
            about = [{name: image[name] for name in image if name not in ("tree", "records")} for image in (before, after)]
            text = page.rendered(about[0], about[1], found, given["template"] or TEMPLATE, moment)
        except (AttributeError, LookupError, TypeError, ValueError) as problem:
            raise AnsibleActionFail(f"the images cannot be compared: what a host answered has another shape ({problem!r})") from problem
        path = os.path.join(given["dest"], "comparison.html")
        if not self._task.check_mode:
            known = {"compared": moment, "before": about[0]["name"], "after": about[1]["name"], **found}
            _write(given["dest"], {"comparison.html": text, "comparison.json": json.dumps(known, indent=1, ensure_ascii=False) + "\n"})
        notable = [f"{row['path']}: {', '.join(row['notable'])}" for row in found["notable"][:_MOST_NAMED]]
        result.update(changed=True, page=path, figures=page.figures(found), notable=notable)
        return result


def _image(given: dict[str, Any]) -> dict[str, Any]:
    """An image with its entries, and nothing in its texts that a page or a terminal would obey."""
    tree = given.pop("tree")
    try:
        entries = listing.unpacked(tree["listing"])
        known = {name: tree[name] for name in ("packages", "units", "unread", "complete")}
    except (KeyError, listing.BadListing) as problem:
        raise AnsibleActionFail(f"the listing of {given['name']} cannot be used: {problem}") from problem
    return {**readable_throughout(masked({**given, **known})), "tree": entries, "entries": len(entries)}


def _write(directory: str, files: dict[str, str]) -> None:
    try:
        atomic.write_all(directory, files, 0o640)
    except OSError as problem:
        raise AnsibleActionFail(f"the comparison cannot be written to {directory}: {problem.strerror or problem}") from problem
