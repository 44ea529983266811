# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An action that believes no more of a module's answer than its documentation describes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers import returned
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers.returned import Shape
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, is_packed, packed

# An interpreter that Ansible looked for; what answered it is the system, too.
_INTERPRETER = re.compile(r"/[\w./+-]{1,200}")
# What may be long in an answer.
_LONG = ("results", "packages")


class AskingAction(ActionBase):
    """What the action of a module derives from."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    # Ansible would fetch the answer of a job in the background past us.
    _supports_async = False

    _host = "the host"
    _shape: Shape | None = None
    # Whether long lists of the module's answer become one text each.
    _packs = False

    def asked(self, module: str, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """What a module of this collection answers, in its documented shape, or that it failed to answer so."""
        self._host = self._of(task_vars)
        self._shape = self.documented(module)
        sent = {name: entries(value) if is_packed(value) else value for name, value in arguments.items()}
        self._packs = boolean(arguments.get("packed", False), strict=False)
        result = _answered(lambda: self._execute_module(module_name=module, module_args=sent, task_vars=task_vars))
        kept = {name: value for name, value in result.items() if name != "ansible_facts" and not name.startswith("_ansible")}
        return {**wrap_var(kept), **self._discovered(self)}

    def asked_by_ansible(self, module: str, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """What one of Ansible's own modules or actions answers, without what it does not document."""
        task = self._task.copy()
        task.action, task.args = module, arguments
        plugins = Plugins(self._shared_loader_obj, self._of(task_vars))
        action = plugins.action_loader.get(
            module if plugins.action_loader.has_plugin(module) else "ansible.legacy.normal",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=plugins,
        )
        result = _answered(lambda: action.run(task_vars=task_vars))
        return {**wrap_var(returned.sifted(result, self.documented(module))), **self._discovered(action)}

    def documented(self, module: str) -> Shape:
        """What a module says that it returns."""
        return returned.documented(self._shared_loader_obj.module_loader.find_plugin(module))

    def _of(self, task_vars: dict[str, Any] | None) -> str:
        return self._task.delegate_to or (task_vars or {}).get("inventory_hostname", "the host")

    @staticmethod
    def _discovered(action: ActionBase) -> dict[str, Any]:
        """The one fact that Ansible itself found while it asked: with which Python."""
        key, found = action._discovered_interpreter_key, action._discovered_interpreter
        return {"ansible_facts": {key: found}} if key and _INTERPRETER.fullmatch(str(found)) else {}

    def _parse_returned_data(self, res: dict[str, Any], *profile: str) -> dict[str, Any]:
        parse = super()._parse_returned_data
        if self._shape is None:
            return parse(res, *profile)
        return _believed(parse, partial(self._read, shape=self._shape), f"{self._task.action} on {self._host}", res, *profile)

    def _read(self, output: str, shape: Shape) -> dict[str, Any]:
        answer = returned.read(output, shape)
        return {**answer, **{name: packed(answer[name]) for name in _LONG if name in answer}} if self._packs else answer


class Plugins:
    """Ansible's loaders, but that every action which they load reads answers as we do."""

    def __init__(self, loaders: Any, host: str) -> None:
        self._loaders, self._host = loaders, host

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._loaders, name)
        return Plugins(found, self._host) if name == "action_loader" else found

    def get(self, name: str, *args: Any, **kwargs: Any) -> ActionBase:
        action = self._loaders.get(name, *args, **kwargs)
        read = partial(returned.parsed, facts=True)
        action._parse_returned_data = partial(_believed, action._parse_returned_data, read, f"{name} on {self._host}")
        return action


def _answered(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A result, also of what was raised: older releases of ansible-core take the words of an exception for a template."""
    try:
        return run()
    except AnsibleConnectionFailure as problem:
        return {"unreachable": True, "msg": readable(str(problem))[: returned.LONGEST_SENTENCE]}
    except AnsibleActionFail as problem:
        return {"failed": True, "msg": readable(str(problem))[: returned.LONGEST_SENTENCE]}


def _believed(
    parse: Callable[..., dict[str, Any]], read: Callable[[str], dict[str, Any]], of: str, res: dict[str, Any], *profile: str
) -> dict[str, Any]:
    """Hand Ansible an answer of which it may believe all, or one sentence on why there is none."""
    try:
        answer = read(res.get("stdout", ""))
    except returned.AnswerError as problem:
        # A program that crashed says why in its last line.
        words = (res.get("stderr") or res.get("stdout", "")).strip().splitlines()[-1:]
        said = f" (it ended with {res['rc']}: {readable(words[0])[:400]})" if words and res.get("rc") else ""
        answer = {"failed": True, "msg": f"The answer of {readable(of)} cannot be used: {problem}{said}."}
    return parse({**res, "stdout": json.dumps(answer), "stderr": ""}, *profile)
