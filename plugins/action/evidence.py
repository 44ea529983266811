# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import Any

from ansible import __version__ as ansible_core_version
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence, index
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import failed_controls
from ansible_collections.hygeia.golden.plugins.plugin_utils.store import engine, loading
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

# What may come packed.
PACKED = ("controls", "checks", "records", "installed")
LISTS = ("outcomes", "diffs", "changes", "pending", "vulnerabilities", "closed", "feeds")
ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "template": {"type": "path", "required": True},
    "profile": {"type": "str", "required": True},
    "severity": {"type": "str", "choices": ["low", "medium", "high", "critical"], "default": "high"},
    "origins": {"type": "list", "elements": "str", "default": ["hygeia.golden"]},
    "frameworks": {"type": "list", "elements": "str", "default": ["hipaa"]},
    "docs": {"type": "str"},
    "policy": {"type": "list", "elements": "path", "default": []},
    **{name: {"type": "list", "elements": "raw", "default": []} for name in PACKED},
    **{name: {"type": "list", "elements": "dict", "default": []} for name in LISTS},
    "source": {"type": "dict"},
    "image": {"type": "dict"},
    "staged": {"type": "dict"},
    "boot_skipped": {"type": "bool", "default": False},
    "boot_required": {"type": "bool", "default": False},
    "promotes": {"type": "bool", "default": True},
    "replaces": {"type": "path"},
    "index": {"type": "path"},
    "store": {"type": "path"},
    "groups": {"type": "list", "elements": "str"},
    **{name: {"type": "dict", "default": {}} for name in ("boot", "system", "release", "rollback", "isolation", "image_history")},
    "image_manifest": {"type": "list", "elements": "str", "default": []},
    "playbook": {"type": "path"},
    "started": {"type": "str"},
    "signing_key": {"type": "path"},
    "signing_certificate": {"type": "path"},
    "failure": {"type": "str"},
}


class ActionModule(ActionBase):
    """Everything is known on the controller, so nothing is sent anywhere."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(ARGUMENTS)
        facts = {name: entries(value) for name, value in arguments.items()}
        facts["host"] = to_native((task_vars or {})["inventory_hostname"])
        facts["groups"] = _groups(task_vars or {}) if facts["groups"] is None else facts["groups"]
        facts["generator"] = evidence.generator(ansible_core_version)
        facts["docs"] = evidence.published() if facts["docs"] is None else facts["docs"]
        ended = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            if facts["store"]:
                engine.available()
            run, files = evidence.rendered(facts, ended)
            path = facts["path"] if self._task.check_mode else _kept(facts, run, files)
        except SigningError as problem:
            raise AnsibleActionFail(f"the evidence cannot be signed, so it is not written: {problem}") from problem
        except (PolicyError, engine.StoreError) as problem:
            raise AnsibleActionFail(f"the evidence cannot be written: {problem}") from problem
        except TimeoutError as problem:
            raise AnsibleActionFail(f"the evidence is not written: {problem}") from problem
        except (AttributeError, LookupError, TypeError, ValueError) as problem:
            raise AnsibleActionFail(f"the evidence cannot be written: what the host answered has another shape ({problem!r})") from problem
        except OSError as problem:
            raise AnsibleActionFail(f"the evidence could not be written to {facts['path']}: {problem.strerror or problem}") from problem
        result["stored"] = []
        if facts["store"] and not self._task.check_mode:
            result.update(_stored(facts["store"], path))
        result.update(
            changed=True,
            path=path,
            verdict=run["verdict"],
            text=run["sentence"],
            failing=run["failing"],
            score=run["score"],
            failures=[_failed(record, run["failing"]) for record in failed_controls(run["records"], run["origins"])],
        )
        return result


def _kept(facts: dict[str, Any], run: Run, files: dict[str, str]) -> str:
    """Write the evidence, signed if there is a key, and add it to the index if there is one; returns its directory."""
    if not facts["index"]:
        return _written(facts, run, files)
    with index.held(facts["index"]) as runs:
        files = evidence.indexed(run, files, runs.head())
        path = _written(facts, run, files, runs)
        runs.settle()
        if facts["signing_key"]:
            runs.sign(run["ended"], partial(evidence.signature, key=facts["signing_key"], certificate=facts["signing_certificate"]))
        return path


def _written(facts: dict[str, Any], run: Run, files: dict[str, str], runs: index.Index | None = None) -> str:
    if facts["signing_key"]:
        files = evidence.signed(run, files, facts["signing_key"], facts["signing_certificate"])

    def note(path: str) -> None:
        if runs:
            runs.note(path, run, files[MANIFEST])

    return evidence.written(facts["path"], files, facts["replaces"], note)


def _groups(task_vars: dict[str, Any]) -> list[str]:
    """The host's groups in the inventory; one in none is in ungrouped, which says nothing."""
    return [str(name) for name in to_native(task_vars.get("group_names") or []) if name != "ungrouped"]


def _stored(store: str, path: str) -> dict[str, Any]:
    """The run's files in the store. The evidence itself is written already, so a store that is full stops nothing."""
    try:
        with engine.connected(threads=1) as database:
            return {"stored": loading.loaded(database, store, path, ours=True)}
    except (engine.StoreError, OSError) as problem:
        why = problem if isinstance(problem, engine.StoreError) else f"{problem.strerror or problem}: {problem.filename or store}"
        return {"warnings": [f"This run is not in the evidence store: {why}"]}


def _failed(record: Record, blocking: list[str]) -> str:
    return f"{record['control']}: {record['title']}{' (blocking)' if record['control'] in blocking else ''}"
