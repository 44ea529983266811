# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.module_utils.util.atomic import make_directory, write
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift import prometheus
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift import state as states
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, packed
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

ARGUMENTS: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["advanced", "delivered"], "default": "advanced"},
    "records": {"type": "list", "elements": "raw", "default": []},
    "reason": {"type": "str", "default": ""},
    "image": {"type": "dict", "default": {}},
    "image_sha256": {"type": "str", "default": ""},
    "keep_events": {"type": "bool", "default": False},
    "most_events": {"type": "int", "default": 100},
    "textfile_dir": {"type": "path"},
    "moment": {"type": "str"},
}
_NOT_IN_NAMES = re.compile(r"[^\w.-]", re.A)


class ActionModule(ActionBase):
    """States lie on the controller, so no host is asked."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(ARGUMENTS)
        given = {name: entries(value) for name, value in to_native(arguments).items()}
        host = str(to_native((task_vars or {})["inventory_hostname"]))
        try:
            before = states.load(_read(given["path"]))
            if given["state"] == "delivered":
                return {**result, **self._saved(given["path"], states.unsent(before, []), clear=True)}
            return {**result, **self._advanced(given, host, before)}
        except states.BadState as problem:
            raise AnsibleActionFail(
                f"The state {given['path']} cannot be used: {problem}. Remove it, and every difference is new."
            ) from None
        except OSError as problem:
            raise AnsibleActionFail(f"{problem.filename or given['path']} cannot be read or written: {problem.strerror}.") from None

    def _advanced(self, given: dict[str, Any], host: str, before: states.State) -> dict[str, Any]:
        moment = given["moment"] or datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        run = states.Run(moment, given["image_sha256"], given["reason"])
        after, records, events = states.advanced(before, given["records"], run)
        pending = [*before.unsent, *events] if given["keep_events"] else events
        answer = {
            "records": packed(records),
            "events": len(pending),
            "message": states.message(host, after, pending, given["most_events"], given["image"]),
        }
        after = states.unsent(after, events) if given["keep_events"] else after
        if given["textfile_dir"] and not self._task.check_mode:
            name = f"hygeia_drift_{_NOT_IN_NAMES.sub('_', host)}.prom"
            _write(os.path.join(given["textfile_dir"], name), prometheus.text(host, after, events), 0o644)
        return {**answer, **self._saved(given["path"], after)}

    def _saved(self, path: str, state: states.State, clear: bool = False) -> dict[str, Any]:
        if clear:
            state.unsent.clear()
        if not self._task.check_mode:
            _write(path, states.dump(state), 0o640)
        return {"changed": True}


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise states.BadState("it is damaged") from None


def _write(path: str, text: str, mode: int) -> None:
    make_directory(os.path.dirname(os.path.abspath(path)))
    write(path, text, mode)
