# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
from datetime import date, datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic
from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet import page, tables
from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet.figures import Document, Limits, figures
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.store import compaction, engine, loading, reading
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

TEMPLATE = os.path.normpath(os.path.join(BASELINE, "../../evidence/templates/fleet.html.j2"))
PAGE = "fleet.html"
ARGUMENTS: dict[str, Any] = {
    "store": {"type": "path", "required": True},
    "dest": {"type": "path", "required": True},
    "evidence": {"type": "path"},
    "title": {"type": "str", "default": "Fleet"},
    "day": {"type": "str"},
    "days": {"type": "int", "default": 30},
    "silent_days": {"type": "int", "default": 7},
    "waiver_days": {"type": "int", "default": 30},
    "forget_days": {"type": "int", "default": 365},
    "compact": {"type": "bool", "default": True},
    "template": {"type": "path"},
}
_MODE = 0o640


class ActionModule(ActionBase):
    """Everything is on the controller, so nothing is sent anywhere."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(ARGUMENTS)
        given = to_native(arguments)
        now = datetime.now(timezone.utc)
        try:
            limits = _limits(given, now.date())
            found, done = _read(given, limits, self._task.check_mode)
            found.update(title=given["title"], made=now.strftime("%Y-%m-%dT%H:%M:%SZ"))
            files = {PAGE: page.rendered(found, given["template"] or TEMPLATE), **tables.tables(found)}
            if not self._task.check_mode:
                atomic.write_all(given["dest"], files, _MODE)
        except engine.StoreError as problem:
            raise AnsibleActionFail(f"there is no page of all hosts: {problem}") from problem
        except TimeoutError as problem:
            raise AnsibleActionFail(f"the evidence store cannot be read: {problem}") from problem
        except OSError as problem:
            raise AnsibleActionFail(
                f"the page of all hosts cannot be written: {problem.strerror or problem}: {problem.filename or given['dest']}"
            ) from problem
        result.update(changed=True, path=os.path.join(given["dest"], PAGE), files=sorted(files), figures=page.counts(found), **done)
        return result


def _limits(given: dict[str, Any], today: date) -> Limits:
    try:
        day = date.fromisoformat(given["day"]) if given["day"] else today
    except ValueError as problem:
        raise engine.StoreError(f"{given['day']!r} is no day: write one as 2026-11-30") from problem
    numbers = {name: given[name] for name in ("days", "silent_days", "waiver_days", "forget_days")}
    for name, number in numbers.items():
        if not 1 <= number <= 3660:
            raise engine.StoreError(f"{name} is {number}: write a number of days from 1 to 3660")
    return Limits(
        day.isoformat(), numbers["days"], numbers["silent_days"], numbers["waiver_days"], max(numbers["forget_days"], numbers["days"])
    )


def _read(given: dict[str, Any], limits: Limits, check_mode: bool) -> tuple[Document, dict[str, Any]]:
    """The figures, and what was done to the store before: runs that it did not have are added, and days that are over are merged."""
    store, library = given["store"], engine.available()
    done: dict[str, Any] = {"added": 0, "merged": 0}
    if given["evidence"] and not check_mode:
        os.makedirs(store, mode=0o750, exist_ok=True)
    if not os.path.isdir(store):
        raise engine.StoreError(
            f"there is no evidence store at {store}: set evidence_store for the runs, or name the evidence to make it of"
        )
    try:
        with compaction.held(store), engine.connected() as database:
            if given["evidence"] and not check_mode:
                done.update(_added(database, given))
            if given["compact"] and not check_mode:
                done["merged"] = compaction.compacted(database, store, limits.today)
            reading.attached(database, store, limits.before(limits.forget))
            return figures(database, limits), done
    except library.Error as problem:
        raise engine.StoreError(f"DuckDB cannot read {store}: {str(problem).splitlines()[0]}") from problem


def _added(database: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Runs whose evidence is there and that the store does not have; of those that cannot be read, why."""
    reading.attached(database, given["store"], "")
    warnings, added = [], 0
    for path in loading.missing(database, given["evidence"]):
        try:
            loading.loaded(database, given["store"], path)
            added += 1
        except engine.StoreError as problem:
            warnings.append(f"A run is not in the evidence store: {problem}")
    return {"added": added, **({"warnings": warnings} if warnings else {})}
