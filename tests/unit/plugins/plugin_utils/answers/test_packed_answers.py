# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A module gets the entries of a packed list, and its results become one text where the task asks for it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.action import distrusted
from ansible_collections.hygeia.golden.plugins.modules import audit_info, release_info
from ansible_collections.hygeia.golden.plugins.plugin_utils import packed
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers import returned

RESULT = {"control": "a-b", "status": "fail", "stage": "live", "expected": {}, "observed": {}, "read_from": "", "message": ""}


@pytest.fixture
def asked(monkeypatch):
    """What a module that answers with these results was sent, and what its action makes of them."""

    def ask(arguments, results, module=audit_info, part="results"):
        task = SimpleNamespace(action="hygeia.golden.audit_info", delegate_to=None, async_val=0)
        asking = distrusted.ActionModule(task, SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)), None, None, None, None)
        monkeypatch.setattr(ActionBase, "_parse_returned_data", lambda self, answer, *profile: json.loads(answer["stdout"]))
        monkeypatch.setattr(asking, "documented", lambda unused_name: returned.documented(module.__file__))
        asking._discovered_interpreter_key = asking._discovered_interpreter = None
        sent = {}

        def execute(module_name, module_args, task_vars):
            sent.update(module_args)
            return asking._parse_returned_data({"stdout": json.dumps({"changed": False, part: results}), "stderr": "", "rc": 0})

        monkeypatch.setattr(asking, "_execute_module", execute)
        return sent, asking.asked("hygeia.golden.audit_info", arguments, {"inventory_hostname": "web"})

    return ask


def test_the_module_gets_the_entries(asked):
    controls = [{"id": "a-b", "settings": {}}]
    sent, answer = asked({"controls": packed.packed(controls)}, [RESULT])
    assert sent == {"controls": controls}
    assert answer["results"] == [RESULT]


def test_the_results_become_one_text(asked):
    unused_sent, answer = asked({"controls": [], "packed": True}, [RESULT, RESULT])
    assert len(answer["results"]) == 1
    assert packed.entries(answer["results"]) == [RESULT, RESULT]


def test_a_text_that_a_system_packed_itself_is_refused(asked):
    unused_sent, answer = asked({"controls": [], "packed": True}, packed.packed([RESULT]))
    assert "results[0] is a text and not a mapping" in answer["msg"]


def test_the_packages_of_a_system_become_one_text(asked):
    packages = [{"package": "bash", "version": "5.2", "architecture": "amd64", "source": "bash", "source_version": "5.2"}] * 2
    unused_sent, answer = asked({"packed": True}, packages, release_info, "packages")
    assert len(answer["packages"]) == 1
    assert packed.entries(answer["packages"]) == packages
