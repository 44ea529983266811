# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""However a module fails, and whatever the program that failed had said, no secret is in its answer."""

from __future__ import annotations

import ast
import json
import pathlib
import sys

import pytest
from ansible.module_utils import basic
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

MODULES = pathlib.Path(__file__).parents[4] / "plugins/modules"
# These have an action plugin each that does all of it on the controller.
WITHOUT_CODE = ("binder", "distrusted", "drift_info", "drift_state", "evidence", "fleet", "image_compare", "migration_plan")
NAMES = sorted(path.stem for path in MODULES.glob("*.py") if path.stem not in ("__init__", *WITHOUT_CODE))
SECRETS = {
    "line 7: bindpw = hunter2-SeCrEt": "hunter2-SeCrEt",
    "mount.cifs: username=pacs,password=Rad1ology!": "Rad1ology!",
    "restic --repo rest:https://backup:S3kretPass@vault.example/": "S3kretPass",
}


@pytest.fixture
def module(monkeypatch):
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": {}}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    return Module(argument_spec={})


@pytest.mark.parametrize("name", NAMES)
def test_every_module_fails_by_the_one_way_that_masks(name):
    tree = ast.parse((MODULES / f"{name}.py").read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imported["Module"].endswith("module_utils.util.ansible_module")
    assert "AnsibleModule" not in imported
    others = {
        ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("fail_json")
    }
    assert others <= {"module.fail_json"}


@pytest.mark.parametrize("sentence, secret", SECRETS.items())
def test_no_secret_is_in_a_failure(module, capsys, sentence, secret):
    with pytest.raises(SystemExit):
        module.fail_json(msg=f"It failed: {sentence}.", console=[sentence], outcomes=[{"message": sentence}])
    answer = capsys.readouterr().out
    assert secret not in answer
    assert json.loads(answer)["failed"]
    assert "It failed: " in json.loads(answer)["msg"]


@pytest.mark.parametrize("sentence, secret", SECRETS.items())
def test_no_secret_is_in_what_is_said_of_a_fault(module, capsys, sentence, secret):
    try:
        raise RuntimeError(sentence)
    except RuntimeError:
        sys.excepthook(*sys.exc_info())
    said = capsys.readouterr().err
    assert secret not in said
    assert "RuntimeError" in said and "test_failures.py" in said
